package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rollcall/connectors"
)

// Every key of the configuration and of the policy has one of three ways to be held against what was allowed: allows judges
// by what it means those that have more and less; those of which no value follows more are harmless; and of all others any
// change counts. So a key that nobody thought of counts, and a test wants every one to be thought of. A name here stands
// for all below it, and * for any name.

// judged are the keys that allows judges by what they mean.
var judged = keySet(
	"evidence.keep_at_least", "evidence.keep_at_most", "serve.watch", "identities.uid",
	"roster.guard.max_shrink", "roster.guard.min_shrink", "roster.guard.max_blank",
	"slack.admins", "slack.may_scan", "slack.may_offboard", "slack.unbound_by_email",
	"remediate.per_run", "remediate.per_day", "remediate.app_percent", "remediate.app_at_least", "remediate.min_admins", "remediate.warm_up",
	"remediate.shadow", "remediate.max_age", "remediate.answer", "remediate.revoke_within", "remediate.revoke_at_once", "remediate.longest_keep",
	"remediate.protected", "remediate.legal_hold", "remediate.approvers", "remediate.retention", "remediate.after_retention",
	"app.*.owner", "app.*.privileged", "app.*.write", "app.*.canary",
	"policy.rules.*.mode", "policy.app.*.rules.*.mode", "policy.birthright.allow", "policy.birthright.must", "policy.roles.*.allow", "policy.roles.*.must",
	"policy.sod.*.id", "policy.sod.*.severity", "policy.sod.*.a", "policy.sod.*.b",
	"policy.service_account.*.app", "policy.service_account.*.account", "policy.service_account.*.owner", "policy.service_account.*.class", "policy.service_account.*.review",
	"policy.exception.*.id", "policy.exception.*.kind", "policy.exception.*.app", "policy.exception.*.account", "policy.exception.*.entitlement",
	"policy.exception.*.person", "policy.exception.*.owner", "policy.exception.*.expires",
)

// harmless are the keys of which no value lets more follow, or hides anything, and why.
var harmless = map[string]string{
	"state":                "a daemon takes up no other directory, and what is allowed stands in it",
	"workers":              "how fast, not what",
	"serve.stop_within":    "how long an end may take",
	"sign.purpose":         "words for whoever looks at a signature",
	"slack.command":        "what the command is called",
	"slack.quiet_hours":    "when people are asked, not who, nor what follows",
	"slack.weekend":        "likewise",
	"slack.holidays":       "likewise",
	"slack.remind_after":   "likewise",
	"slack.escalate_after": "likewise",
	"app.*.id":             "an app under another name is one that goes and one that comes",
	"app.*.title":          "what it is called in reports",
	"app.*.page_size":      "how a list is read, not what is in it",
	"roster.page_size":     "likewise",

	"policy.sod.*.name":                "words for people",
	"policy.service_account.*.purpose": "likewise",
	"policy.exception.*.reason":        "likewise; whose risk it is, and until when, is compared",
}

func keySet(keys ...string) map[string]string {
	set := map[string]string{}
	for _, k := range keys {
		set[k] = ""
	}
	return set
}

// among tells whether a key, or something above it, is one of a set.
func among(set map[string]string, key []string) bool {
	for name := range set {
		want := strings.Split(name, ".")
		if len(want) <= len(key) && slices.EqualFunc(want, key[:len(want)], func(w, k string) bool { return w == "*" || w == k }) {
			return true
		}
	}
	return false
}

// settings are the keys of which any change counts, as the files have them: those of the apps apart, by app.
func (c *config) settings() (all map[string]string, sources map[connectors.AppID]map[string]string) {
	all, sources = map[string]string{}, map[connectors.AppID]map[string]string{}
	counts := func(key []string) bool { return !among(judged, key) && !among(harmless, key) }
	for name, v := range c.tree {
		if name != "app" && name != "policy" { // of the policy what it says counts, not where it lies
			flatten(all, counts, []string{name}, 0, v)
		}
	}
	apps, _ := c.tree["app"].([]map[string]any)
	for _, app := range apps {
		id, _ := app["id"].(string)
		one := map[string]string{}
		flatten(one, counts, []string{"app", id}, 2, app)
		sources[connectors.AppID(id)] = one
	}
	if c.policyFile != nil {
		flatten(all, counts, []string{"policy"}, 0, c.policyFile.tree)
	}
	return all, sources
}

// flatten writes one line for each value below a key that counts, named from the skip-th part of its key on. Of tables in a
// list each is called by its name.
func flatten(into map[string]string, counts func([]string) bool, key []string, skip int, v any) {
	below := func(name string, v any) { flatten(into, counts, append(slices.Clone(key), name), skip, v) }
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			below(name, x)
		}
	case []map[string]any:
		for i, x := range v {
			name, ok := x["name"].(string)
			if !ok {
				name = strconv.Itoa(i + 1)
			}
			below(name, x)
		}
	default:
		if counts(key) {
			into[keyName(key[skip:])] = valueText(v)
		}
	}
}

func keyName(key []string) string {
	parts := make([]string, len(key))
	for i, k := range key {
		if parts[i] = k; strings.ContainsAny(k, ". \"") || k == "" {
			parts[i] = strconv.Quote(k)
		}
	}
	return strings.Join(parts, ".")
}

// valueText is a value as it may be shown and recorded: of an address only the host, since the rest may be a secret.
func valueText(v any) string {
	if s, ok := v.(string); ok {
		v = hostOnly(s)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
