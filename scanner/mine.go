package scanner

import (
	"context"
	"fmt"

	"rollcall/connectors"
)

// Mining says what it takes for an entitlement to be normal for a role.
type Mining struct {
	Support int // so many people of the role hold it
	Share   int // and so many percent of those with an account in the app
}

// DefaultMining is what holds where nothing else is asked for.
var DefaultMining = Mining{Support: 2, Share: 50}

// Mined is a role table read off what people hold. Nobody has said that it is right: it is a draft to edit.
type Mined struct {
	AsOf    connectors.Date
	Mining  Mining
	People  int // who work here and have a role
	Apps    int // that were counted
	LeftOut []LeftOut
	Roles   []MinedRole // "*" first, then by name
}

// LeftOut is an app that was not counted, and why.
type LeftOut struct {
	App connectors.AppID
	Why string
}

// MinedRole is what is normal for one role.
type MinedRole struct {
	Name   string
	About  string // most common department and title of its people
	People int
	Allow  []MinedGrant // in the order of the apps, then by name
	Doubt  []MinedGrant // held by some of them: not allowed, for a person to look at
}

// MinedGrant is one entitlement and how many hold it: Holders of Of people of the role with an account in the app. Earlier
// counts those who may have it from an earlier role; they are not among the others.
type MinedGrant struct {
	App                  connectors.AppID
	Entitlement          connectors.EntitlementID
	Holders, Of, Earlier int
	Group                string // the wider group whose people settled it, where the role has too few
}

// Mine pulls the roster and every app and reads off what is normal for each role. It counts people who work here, by
// enabled accounts with a sure owner. What an earlier role may have left somebody with says nothing of the present one.
func Mine(ctx context.Context, in Input, m Mining) (*Mined, error) {
	if in.Policy == nil {
		in.Policy = &Policy{}
	}
	in.Policy = &Policy{ServiceAccounts: in.Policy.ServiceAccounts} // it says what is no person's account
	if err := in.Policy.Prepare(); err != nil {
		return nil, err
	}
	s, err := begin(ctx, &in)
	if err != nil {
		return nil, err
	}
	if why := s.result.Untrusted; len(why) > 0 {
		return nil, fmt.Errorf("the roster is not trusted, so nothing was counted: %s", joinNotes(why))
	}
	s.judge.mining = true
	judges, err := s.apps(ctx)
	if err != nil {
		return nil, err
	}
	var left []LeftOut
	for i := range judges {
		if rep := &s.result.Sources[i+1]; rep.State != SourceOK {
			left = append(left, LeftOut{in.Apps[i].ID, rep.Problem})
			judges[i] = nil
		}
	}
	out := s.judge.mined(judges, m)
	out.LeftOut = left
	if out.People == 0 {
		return nil, fmt.Errorf("the roster gives nobody who works here a role, a department or a title: there is nothing to mine a policy by")
	}
	return out, nil
}

// mined reads the tables off the apps that were counted; nil ones were not.
func (j *judge) mined(apps []*appJudge, m Mining) *Mined {
	t := newMiner(j, m)
	out := &Mined{AsOf: j.AsOf, Mining: m}
	for _, aj := range apps {
		if aj != nil {
			out.Apps++
			t.app(aj)
		}
	}
	if all := t.roles[len(t.ids)]; len(all.Allow) > 0 {
		out.Roles = append(out.Roles, all)
	}
	for _, r := range t.roles[:len(t.ids)] {
		out.People += r.People
		out.Roles = append(out.Roles, r)
	}
	return out
}
