package entra

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"rollcall/connectors"
)

// owner is somebody who answers for a guest or a service principal.
type owner struct {
	Type              string `json:"@odata.type"`
	Mail              string
	UserPrincipalName string
}

// reference is an address by which the owner is found on the roster; empty for a group.
func (o *owner) reference() string { return cmp.Or(o.Mail, o.UserPrincipalName) }

// firstOwner is the first one with an address, in the order of addresses: Graph promises none.
func firstOwner(all []owner) string {
	var refs []string
	for _, o := range all {
		if r := o.reference(); r != "" && o.Type != "#microsoft.graph.group" {
			refs = append(refs, r)
		}
	}
	if len(refs) == 0 {
		return ""
	}
	return slices.Min(refs)
}

// readSponsors reads who answers for each guest.
func (a *App) readSponsors(ctx context.Context, t connectors.Trace) (map[oid]string, error) {
	out := map[oid]string{}
	guests := "/users" + filter("userType eq 'Guest'") + "&$select=id"
	err := each(ctx, a, t, connectors.Accounts, guests+"&$expand=sponsors&$top=200", func(u *user) error {
		out[u.ID] = firstOwner(u.Sponsors)
		return nil
	})
	if statusOf(err) != http.StatusBadRequest {
		return out, err
	}
	// Not every cloud has come to expand them: they are asked for guest by guest.
	return out, each(ctx, a, t, connectors.Accounts, guests+"&$top=999", func(u *user) (err error) {
		out[u.ID], err = a.sponsorOf(ctx, t, u.ID)
		return err
	})
}

func (a *App) sponsorOf(ctx context.Context, t connectors.Trace, guest oid) (string, error) {
	var sponsors []owner
	err := each(ctx, a, t, connectors.Accounts, "/users/"+guest.String()+"/sponsors", func(o *owner) error {
		sponsors = append(sponsors, *o)
		return nil
	})
	return firstOwner(sponsors), err
}
