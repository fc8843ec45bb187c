package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/notify"
)

// toOwners parts the cases by the owners of the apps that they are about. Nobody is told about their own access, which they
// may not decide on. The error says which cases nobody is told of, and why.
func (c *config) toOwners(ctx context.Context, cases []*remediate.Case, people lookup, box *outbox) ([]letter, error) {
	owners := map[connectors.AppID]connectors.PersonID{}
	wanted := map[connectors.PersonID]bool{}
	for _, a := range c.Apps {
		if owners[a.ID] = a.Owner; a.Owner != "" {
			wanted[a.Owner] = true
		}
	}
	addresses, err := c.workAddresses(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("the owners of the apps are not told: where to is absent, their work addresses are on the roster, and that cannot be read: %w", err)
	}
	byAddress, untold, whys := map[string][]*remediate.Case{}, 0, map[string]bool{}
	for _, k := range cases {
		to, why := owning(k, owners, addresses, people)
		for _, address := range to {
			byAddress[address] = append(byAddress[address], k)
		}
		if len(to) == 0 {
			if !box.nobody(k.ID, strings.Join(why, "; ")) {
				continue // it was said
			}
			untold++
			for _, w := range why {
				whys[w] = true
			}
		}
	}
	var letters []letter
	for _, address := range sortedKeys(byAddress) {
		letters = append(letters, letter{[]string{address}, byAddress[address]})
	}
	if untold > 0 {
		err = fmt.Errorf("%d of %d cases are told to nobody by mail: %s; name who is told in [notify.mail] to", untold, len(cases), strings.Join(sortedKeys(whys), "; "))
	}
	return letters, err
}

// owning gives where the owners of a case's apps are told of it, and why the others are not.
func owning(k *remediate.Case, owners map[connectors.AppID]connectors.PersonID, addresses map[connectors.PersonID]string, people lookup) (to, why []string) {
	for _, app := range appsOf(&k.Item) {
		owner, known := owners[app]
		switch {
		case !known:
			why = append(why, fmt.Sprintf("the configuration has no app %q", app))
		case owner == "":
			why = append(why, fmt.Sprintf("the app %q has no owner", app))
		case k.Item.Person != "" && people.same(owner, k.Item.Person):
			why = append(why, fmt.Sprintf("a case is about the access of %s, who owns the app %q", owner, app))
		case addresses[owner] == "":
			why = append(why, fmt.Sprintf("%s, who owns the app %q, has no work address on the roster, or does not work here", owner, app))
		case !slices.Contains(to, addresses[owner]):
			to = append(to, addresses[owner])
		}
	}
	return to, why
}

func appsOf(it *remediate.Item) []connectors.AppID {
	var apps []connectors.AppID
	for _, a := range it.Actions {
		apps = append(apps, a.App)
	}
	for _, t := range it.Targets {
		apps = append(apps, t.App)
	}
	slices.Sort(apps)
	return slices.Compact(apps)
}

// workAddresses reads from the roster where people are told something: who works here now, at an address that mail can be
// sent to. A roster that cannot be read whole gives none.
func (c *config) workAddresses(ctx context.Context, wanted map[connectors.PersonID]bool) (map[connectors.PersonID]string, error) {
	found := map[connectors.PersonID]string{}
	if len(wanted) == 0 {
		return found, nil
	}
	for p, err := range c.Roster.People(ctx, silent{}) {
		if err != nil {
			return nil, err
		}
		ended := p.End.Known() && p.End < c.AsOf
		if !wanted[p.ID] || ended || p.Status == connectors.Terminated || p.Status == connectors.Preboarding {
			continue
		}
		if a, err := notify.ParseAddress(p.WorkEmail); err == nil {
			found[p.ID] = a.Address
		}
	}
	return found, nil
}
