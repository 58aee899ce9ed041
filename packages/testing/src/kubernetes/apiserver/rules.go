package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// A rule allows these verbs; "*" stands for all of them, and a subresource is named as in roles: "fleets/scale".
type rule struct{ Verbs, Groups, Resources, Namespaces []string }

// Rules by user.
type rules map[string][]rule

func readRules(path string) (rules, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all rules
	return all, json.Unmarshal(text, &all)
}

func (all rules) Authorize(_ context.Context, asked authorizer.Attributes) (authorizer.Decision, string, error) {
	for _, group := range asked.GetUser().GetGroups() {
		if group == user.SystemPrivilegedGroup {
			return authorizer.DecisionAllow, "", nil
		}
	}
	reviews := asked.GetAPIGroup() == "authorization.k8s.io" && asked.GetVerb() == "create"
	if reviews || !asked.IsResourceRequest() && asked.IsReadOnly() {
		return authorizer.DecisionAllow, "", nil
	}
	resource := asked.GetResource()
	if asked.GetSubresource() != "" {
		resource += "/" + asked.GetSubresource()
	}
	for _, one := range all[asked.GetUser().GetName()] {
		if has(one.Verbs, asked.GetVerb()) && has(one.Groups, asked.GetAPIGroup()) && has(one.Resources, resource) &&
			has(one.Namespaces, asked.GetNamespace()) {
			return authorizer.DecisionAllow, "", nil
		}
	}
	return authorizer.DecisionNoOpinion, "no rule allows it", nil
}

func has(list []string, wanted string) bool {
	for _, one := range list {
		if one == "*" || one == wanted {
			return true
		}
	}
	return false
}

func loopbackToken() string {
	bytes := make([]byte, 24)
	_, err := rand.Read(bytes)
	must(err)
	return hex.EncodeToString(bytes)
}
