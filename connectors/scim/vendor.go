package scim

import (
	"maps"
	"slices"
	"strings"
)

// vendor is what is known of one vendor's SCIM beyond the standard. All quirks are here, as data; the code that heeds
// them never asks for a vendor by name.
type vendor struct {
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
	"atlassian": {pageSize: 100, maxPageSize: 100, notes: []string{
		"Atlassian's SCIM covers one directory: people who were invited by hand are not in it"}},
	"aws": {pageSize: 50, maxPageSize: 100, totalIsPage: true,
		// Its developer guide (PatchGroup) removes members by value, and refuses a request that would remove all of them.
		removeByValue: true,
		noMembers:     "AWS IAM Identity Center does not tell over SCIM who is in a group: its group assignments are not in this report"},
	"entra": {pageSize: 100, textActive: true, capitalOps: true},
	"github": {pageSize: 100, maxPageSize: 100, notes: []string{
		"GitHub obscures the usernames of accounts that were deprovisioned"}},
	"sentry": {pageSize: 100, notes: []string{
		"Sentry calls every member active: a disabled one looks enabled"},
		// https://docs.sentry.io/api/scim/update-an-organization-members-attributes
		noDisable: "Sentry deletes a member for good when active becomes false"},
	"slack": {pageSize: 200, maxPageSize: 1000, notes: []string{
		"Slack's SCIM does not list every guest, nor bots"}},
}

func vendorNames() string { return strings.Join(slices.Sorted(maps.Keys(vendors)), ", ") }
