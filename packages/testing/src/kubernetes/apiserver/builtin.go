package main

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/storage/names"
)

var builtIns = runtime.NewScheme()
var builtInCodecs = serializer.NewCodecFactory(builtIns)

func init() {
	register(corev1.SchemeGroupVersion, &corev1.Service{}, &corev1.ServiceList{})
	register(discoveryv1.SchemeGroupVersion, &discoveryv1.EndpointSlice{}, &discoveryv1.EndpointSliceList{})
	register(authorizationv1.SchemeGroupVersion, &authorizationv1.SelfSubjectAccessReview{})
	metav1.AddToGroupVersion(builtIns, schema.GroupVersion{Version: "v1"})
}

// What is stored is what is served: one type stands for both versions.
func register(version schema.GroupVersion, types ...runtime.Object) {
	builtIns.AddKnownTypes(version, types...)
	builtIns.AddKnownTypes(schema.GroupVersion{Group: version.Group, Version: runtime.APIVersionInternal}, types...)
	if version.Group != "" {
		metav1.AddToGroupVersion(builtIns, version)
	}
	must(builtIns.SetVersionPriority(version))
}

func installBuiltIns(server *genericapiserver.GenericAPIServer, etcd string, authorizes authorizer.Authorizer) error {
	services, err := objects(etcd, corev1.SchemeGroupVersion, "services", func() runtime.Object { return &corev1.Service{} },
		func() runtime.Object { return &corev1.ServiceList{} })
	if err != nil {
		return err
	}
	slices, err := objects(etcd, discoveryv1.SchemeGroupVersion, "endpointslices",
		func() runtime.Object { return &discoveryv1.EndpointSlice{} },
		func() runtime.Object { return &discoveryv1.EndpointSliceList{} })
	if err != nil {
		return err
	}
	core := group(corev1.SchemeGroupVersion, "services", services)
	if err := server.InstallLegacyAPIGroup(genericapiserver.DefaultLegacyAPIPrefix, &core); err != nil {
		return err
	}
	discovery := group(discoveryv1.SchemeGroupVersion, "endpointslices", slices)
	reviews := group(authorizationv1.SchemeGroupVersion, "selfsubjectaccessreviews", &accessReviews{authorizes})
	return server.InstallAPIGroups(&discovery, &reviews)
}

func group(version schema.GroupVersion, resource string, storage rest.Storage) genericapiserver.APIGroupInfo {
	info := genericapiserver.NewDefaultAPIGroupInfo(version.Group, builtIns, metav1.ParameterCodec, builtInCodecs)
	info.VersionedResourcesStorageMap[version.Version] = map[string]rest.Storage{resource: storage}
	return info
}

func objects(etcd string, version schema.GroupVersion, resource string, one, list func() runtime.Object) (*genericregistry.Store, error) {
	strategy := namespaced{builtIns, names.SimpleNameGenerator}
	store := &genericregistry.Store{
		NewFunc: one, NewListFunc: list,
		DefaultQualifiedResource: schema.GroupResource{Group: version.Group, Resource: resource},
		CreateStrategy:           strategy, UpdateStrategy: strategy, DeleteStrategy: strategy,
		TableConvertor: rest.NewDefaultTableConvertor(schema.GroupResource{Group: version.Group, Resource: resource}),
	}
	return store, store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: stored{etcd, builtInCodecs.LegacyCodec(version)}})
}

// Objects of a namespace that are taken as they are.
type namespaced struct {
	runtime.ObjectTyper
	names.NameGenerator
}

func (namespaced) NamespaceScoped() bool                                                 { return true }
func (namespaced) AllowCreateOnUpdate() bool                                             { return false }
func (namespaced) AllowUnconditionalUpdate() bool                                        { return true }
func (namespaced) Canonicalize(runtime.Object)                                           {}
func (namespaced) PrepareForCreate(context.Context, runtime.Object)                      {}
func (namespaced) PrepareForUpdate(_ context.Context, _, _ runtime.Object)               {}
func (namespaced) Validate(context.Context, runtime.Object) field.ErrorList              { return nil }
func (namespaced) ValidateUpdate(_ context.Context, _, _ runtime.Object) field.ErrorList { return nil }
func (namespaced) WarningsOnCreate(context.Context, runtime.Object) []string             { return nil }
func (namespaced) WarningsOnUpdate(_ context.Context, _, _ runtime.Object) []string      { return nil }

// Says what the user who asks may do.
type accessReviews struct{ authorizer authorizer.Authorizer }

func (*accessReviews) New() runtime.Object   { return &authorizationv1.SelfSubjectAccessReview{} }
func (*accessReviews) NamespaceScoped() bool { return false }

func (r *accessReviews) Create(ctx context.Context, object runtime.Object, _ rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	review := object.(*authorizationv1.SelfSubjectAccessReview)
	who, _ := request.UserFrom(ctx)
	asked := authorizer.AttributesRecord{User: who, ResourceRequest: true}
	if wanted := review.Spec.ResourceAttributes; wanted != nil {
		asked.Verb, asked.Namespace, asked.Name = wanted.Verb, wanted.Namespace, wanted.Name
		asked.APIGroup, asked.Resource, asked.Subresource = wanted.Group, wanted.Resource, wanted.Subresource
	}
	decision, reason, err := r.authorizer.Authorize(ctx, asked)
	review.Status.Allowed = decision == authorizer.DecisionAllow
	review.Status.Reason = reason
	return review, err
}
