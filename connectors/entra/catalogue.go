package entra

import (
	"context"
	"fmt"
	"strings"

	"rollcall/connectors"
)

// The collections of this connector beside those of all.
const (
	directoryRoles connectors.Collection = "directory roles"
	appRoles       connectors.Collection = "app roles"
	licences       connectors.Collection = "licences"
	signIns        connectors.Collection = "sign-ins"
	mfa            connectors.Collection = "MFA registrations"
)

// catalogue is what can be held in the directory, and by which names. Names are what people know and what policies say;
// where two things share one, both have their ids added.
type catalogue struct {
	groups []group
	index  map[oid]int32     // of groups
	roles  map[string]string // names of directory roles, by the id of their definition
	apps   map[oid]*resource // what has app roles to give
	skus   map[string]string // names of licences, by skuId
}

// group is a group as the directory lists it.
type group struct {
	ID                    oid
	DisplayName           string
	GroupTypes            []string
	MailEnabled           bool
	IsAssignableToRole    bool
	OnPremisesSyncEnabled bool
	Visibility            string
	name                  connectors.EntitlementID
}

const groupFields = "id,displayName,groupTypes,mailEnabled,isAssignableToRole,onPremisesSyncEnabled,visibility"

// resource is a service principal as one that has app roles.
type resource struct {
	ID          oid
	DisplayName string
	AppRoles    []appRole
	name        string
}

type appRole struct {
	ID                 string
	DisplayName, Value string
	AllowedMemberTypes []string
	name               string
}

// readCatalogue reads it whole; what cannot be understood ends the reading.
func (a *App) readCatalogue(ctx context.Context, t connectors.Trace) (*catalogue, error) {
	c := &catalogue{index: map[oid]int32{}, roles: map[string]string{}, apps: map[oid]*resource{}, skus: map[string]string{}}
	if err := c.readGroups(ctx, a, t); err != nil {
		return nil, err
	}
	var names unique[string]
	err := each(ctx, a, t, directoryRoles, "/roleManagement/directory/roleDefinitions?$select=id,displayName", func(d *struct{ ID, DisplayName string }) error {
		names.add(d.ID, d.DisplayName)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for id := range names.names {
		c.roles[id] = names.of(id)
	}
	if err := c.readApps(ctx, a, t); err != nil {
		return nil, err
	}
	if a.services {
		return c, nil
	}
	return c, each(ctx, a, t, licences, "/subscribedSkus", func(s *struct{ SkuID, SkuPartNumber string }) error {
		c.skus[s.SkuID] = s.SkuPartNumber
		return nil
	})
}

func (c *catalogue) readGroups(ctx context.Context, a *App, t connectors.Trace) error {
	var names unique[oid]
	err := each(ctx, a, t, connectors.Groups, "/groups?$select="+groupFields+"&$top=999", func(g *group) error {
		if g.ID == (oid{}) {
			return fmt.Errorf("a group has no id")
		}
		if _, twice := c.index[g.ID]; twice {
			return nil // a list that changes while it is read may show one twice
		}
		c.index[g.ID] = int32(len(c.groups))
		c.groups = append(c.groups, *g)
		names.add(g.ID, g.DisplayName)
		return nil
	})
	for i := range c.groups {
		g := &c.groups[i]
		name := names.of(g.ID)
		for _, p := range []string{rolePrefix, appPrefix, licencePrefix} {
			if strings.HasPrefix(name, p) {
				name = withID(g.DisplayName, g.ID.String())
			}
		}
		g.name = connectors.EntitlementID(name)
	}
	return err
}

func (c *catalogue) readApps(ctx context.Context, a *App, t connectors.Trace) error {
	var names unique[oid]
	err := each(ctx, a, t, appRoles, "/servicePrincipals?$select=id,displayName,appRoles&$top=999", func(r *resource) error {
		if r.ID == (oid{}) {
			return fmt.Errorf("a service principal has no id")
		}
		r.nameRoles()
		c.apps[r.ID] = r
		names.add(r.ID, r.DisplayName)
		return nil
	})
	for id, r := range c.apps {
		r.name = names.of(id)
	}
	return err
}

// nameRoles names app roles as the portal does: those for people by their titles, permissions of applications by their values.
func (r *resource) nameRoles() {
	var names unique[string]
	for i := range r.AppRoles {
		role := &r.AppRoles[i]
		name := role.Value
		for _, m := range role.AllowedMemberTypes {
			if m == "User" && role.DisplayName != "" {
				name = role.DisplayName
			}
		}
		names.add(role.ID, name)
	}
	for i := range r.AppRoles {
		r.AppRoles[i].name = names.of(r.AppRoles[i].ID)
		r.AppRoles[i].DisplayName, r.AppRoles[i].AllowedMemberTypes = "", nil
	}
}
