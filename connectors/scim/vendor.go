package scim

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// vendor is what is known of one vendor's SCIM beyond the standard. All quirks are here, as data; the code that heeds
// them never asks for a vendor by name.
type vendor struct {
	at     *regexp.Regexp // host and path at which the vendor's service is known to be; nil: anywhere
	notAt  *regexp.Regexp // host and path at which something stands that this connector does not speak
	whyNot string         // and what that is

	pageSize    int    // asked for when the configuration does not say
	maxPageSize int    // more is refused or cut by the vendor; 0 = not known
	noMembers   string // why groups cannot be read: who is in them is not told
	totalIsPage bool   // totalResults counts the page, so that startIndex must be seen to work before an end is believed
	notes       []string

	noPatch       bool   // PATCH is not known, whatever the service says of itself
	noDisable     string // why active=false is not sent
	textActive    bool   // active is written "True" and "False"
	capitalOps    bool   // op is written "Add", "Remove", "Replace"
	removeByValue bool   // a member is removed by its value beside the path "members". Elsewhere that removes all of them!
}

var vendors = map[string]vendor{
	"generic": {pageSize: 100},
	"atlassian": {at: regexp.MustCompile(`^api\.atlassian\.com/scim/`), pageSize: 100, maxPageSize: 100, notes: []string{
		"Atlassian's SCIM covers one directory: people who were invited by hand are not in it"}},
	"aws": {at: regexp.MustCompile(`^scim\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/`), pageSize: 50, maxPageSize: 100, totalIsPage: true,
		// Its developer guide (PatchGroup) removes members by value, and refuses a request that would remove all of them.
		removeByValue: true,
		noMembers:     "AWS IAM Identity Center does not tell over SCIM who is in a group: its group assignments are not in this report"},
	"entra": {pageSize: 100, textActive: true, capitalOps: true},
	// https://docs.github.com/en/enterprise-cloud@latest/rest/enterprise-admin/scim: active=false suspends a managed user,
	// active=true lets it in again; only DELETE is for good.
	"github": {at: regexp.MustCompile(`^api\.([a-z0-9-]+\.ghe|github)\.com/scim/v2/enterprises/`), pageSize: 100, maxPageSize: 100, notes: []string{
		"GitHub obscures the usernames of accounts that were deprovisioned"}},
	// https://docs.github.com/en/enterprise-cloud@latest/rest/scim/scim: another API with the same paths, and not the same effects.
	"github-org": {at: regexp.MustCompile(`^api\.([a-z0-9-]+\.ghe|github)\.com/scim/v2/organizations/`), pageSize: 100, maxPageSize: 100,
		noMembers: "the SCIM of a GitHub organisation has no groups: teams are not in this report",
		noDisable: "GitHub removes a member from the organisation, and deletes the SAML identity, when active becomes false",
		notes:     []string{"the SCIM of a GitHub organisation lists its provisioned identities: members without one, and outside collaborators, are not in it"}},
	"sentry": {at: regexp.MustCompile(`^([a-z0-9-]+\.)?sentry\.io/`), pageSize: 100, notes: []string{
		"Sentry calls every member active: a disabled one looks enabled"},
		// https://docs.sentry.io/api/scim/update-an-organization-members-attributes
		noDisable: "Sentry deletes a member for good when active becomes false"},
	// https://docs.slack.dev/reference/scim-api: version 1.1 has other paths, schemas and bodies of PATCH.
	"slack": {at: regexp.MustCompile(`^api\.slack\.com/scim/`), notAt: regexp.MustCompile(`/scim/v1`), whyNot: "Slack's SCIM 1.1; set url to https://api.slack.com/scim/v2",
		pageSize: 200, maxPageSize: 1000, notes: []string{
			"Slack's SCIM does not list every guest, nor bots"}},
}

func vendorNames() string { return strings.Join(slices.Sorted(maps.Keys(vendors)), ", ") }

// vendorOf finds the vendor that the configuration names. A URL that is known to be another's is refused: by the wrong
// quirks, a list would be cut short or, where active=false deletes, a change be the last one.
func vendorOf(name, base string) (string, vendor, error) {
	if name == "" {
		name = "generic"
	}
	v, ok := vendors[name]
	if !ok {
		return name, v, fmt.Errorf("vendor %q is not known; want one of %s", name, vendorNames())
	}
	u, err := url.Parse(base)
	if err != nil {
		return name, v, nil // which the transport says
	}
	place := strings.ToLower(u.Hostname() + u.Path)
	for _, other := range slices.Sorted(maps.Keys(vendors)) {
		if at := vendors[other].at; other != name && at != nil && at.MatchString(place) {
			return name, v, fmt.Errorf("vendor = %q, but url is that of another service: set vendor = %q, whose ways are not the same", name, other)
		}
	}
	if v.notAt != nil && v.notAt.MatchString(place) {
		return name, v, fmt.Errorf("url is that of %s", v.whyNot)
	}
	return name, v, nil
}
