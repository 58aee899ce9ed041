// A Kubernetes API server for tests: custom resources by the API server's own library, beside Services, EndpointSlices and
// reviews of access, all of them stored in a real etcd.
package main

import (
	"flag"
	"net"
	"os"
	"time"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/token/tokenfile"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/util/webhook"
	restclient "k8s.io/client-go/rest"
)

type settings struct{ etcd, address, cert, key, tokens, rules string }

func main() {
	var s settings
	flag.StringVar(&s.etcd, "etcd", "", "address of etcd")
	flag.StringVar(&s.address, "address", "", "host and port to listen on")
	flag.StringVar(&s.cert, "cert", "", "certificate file")
	flag.StringVar(&s.key, "key", "", "file of its key")
	flag.StringVar(&s.tokens, "tokens", "", "file of token,user,uid lines")
	flag.StringVar(&s.rules, "rules", "", "JSON file: what each user may do")
	flag.Parse()
	must(run(s))
}

func run(s settings) error {
	config, err := genericConfig(s)
	if err != nil {
		return err
	}
	custom := apiserver.Config{
		GenericConfig: config,
		ExtraConfig: apiserver.ExtraConfig{
			CRDRESTOptionsGetter: stored{etcd: s.etcd, codec: unstructured.UnstructuredJSONScheme},
			ServiceResolver:      webhook.NewDefaultServiceResolver(),
			AuthResolverWrapper:  webhook.NewDefaultAuthenticationInfoResolverWrapper(nil, nil, config.LoopbackClientConfig, nil),
			MasterCount:          1,
		},
	}
	completed := custom.Complete()
	server, err := completed.New(genericapiserver.NewEmptyDelegate())
	if err != nil {
		return err
	}
	if err := installBuiltIns(server.GenericAPIServer, s.etcd, config.Authorization.Authorizer); err != nil {
		return err
	}
	return server.GenericAPIServer.PrepareRun().Run(genericapiserver.SetupSignalHandler())
}

func genericConfig(s settings) (*genericapiserver.RecommendedConfig, error) {
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return nil, err
	}
	certificate, err := dynamiccertificates.NewDynamicServingContentFromFiles("serving", s.cert, s.key)
	if err != nil {
		return nil, err
	}
	tokens, err := tokenfile.NewCSV(s.tokens)
	if err != nil {
		return nil, err
	}
	rules, err := readRules(s.rules)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(s.cert)
	if err != nil {
		return nil, err
	}
	config := genericapiserver.NewRecommendedConfig(apiserver.Codecs)
	config.SecureServing = &genericapiserver.SecureServingInfo{Listener: listener, Cert: certificate}
	config.ExternalAddress = s.address
	config.PublicAddress = net.ParseIP("127.0.0.1")
	config.LoopbackClientConfig = &restclient.Config{
		Host: "https://" + s.address, BearerToken: loopbackToken(), QPS: 1000, Burst: 1000,
		TLSClientConfig: restclient.TLSClientConfig{CAData: pem},
	}
	config.Authentication.Authenticator = bearertoken.New(tokens)
	config.Authorization.Authorizer = rules
	config.RESTOptionsGetter = stored{etcd: s.etcd, codec: apiserver.Codecs.LegacyCodec(v1.SchemeGroupVersion)}
	resources := serverstorage.NewResourceConfig()
	resources.EnableVersions(v1.SchemeGroupVersion)
	config.MergedResourceConfig = resources
	config.EnableProfiling = false
	return config, nil
}

// What an API server keeps in etcd.
type stored struct {
	etcd  string
	codec runtime.Codec
}

func (s stored) GetRESTOptions(resource schema.GroupResource) (generic.RESTOptions, error) {
	backend := storagebackend.NewDefaultConfig("/registry", s.codec)
	backend.Transport.ServerList = []string{s.etcd}
	backend.CountMetricPollPeriod = time.Hour
	return generic.RESTOptions{
		StorageConfig:           backend,
		Decorator:               genericregistry.StorageWithCacher(),
		DeleteCollectionWorkers: 1,
		ResourcePrefix:          resource.Group + "/" + resource.Resource,
		CountMetricPollPeriod:   time.Hour,
	}, nil
}

func must(err error) {
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
