package remediate

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

func TestLooser(t *testing.T) {
	base := func() Allowed {
		return Allowed{Modes: map[string]string{"a in x": "ask"}, Most: map[string]int{"per_run": 10}, Least: map[string]int{"min_admins": 2}, Shields: []string{"x/root"},
			Exceptions: []string{"ex1"}, Writable: []connectors.AppID{"x"}, Approvers: []connectors.PersonID{"E1"}, UID: map[string]connectors.PersonID{"1001": "E1"},
			Checks: []string{"nobody pays and approves"}, Settings: map[string]string{"roster.file": `"people.csv"`}, Sources: map[connectors.AppID]map[string]string{"x": {"url": "u"}}}
	}
	for want, change := range map[string]func(*Allowed){
		"": func(a *Allowed) {
			a.Modes, a.Most["per_run"], a.Least["min_admins"] = nil, 5, 3
			a.Shields = append(a.Shields, "y/*")
			a.Checks = append(a.Checks, "nobody buys and sells")
			a.Exceptions, a.Writable, a.Approvers, a.UID = nil, nil, nil, nil
			a.Sources["y"] = map[string]string{"url": "v"}
		},
		"a in x is auto instead of ask":                        func(a *Allowed) { a.Modes["a in x"] = "auto" },
		"b in x is ask instead of report":                      func(a *Allowed) { a.Modes["b in x"] = "ask" },
		"per_run is 11 instead of 10":                          func(a *Allowed) { a.Most["per_run"] = 11 },
		"min_admins is 1 instead of 2":                         func(a *Allowed) { a.Least["min_admins"] = 1 },
		"min_admins is 0 instead of 2":                         func(a *Allowed) { a.Least = nil },
		"x/root is not protected any more":                     func(a *Allowed) { a.Shields = []string{"x/roo"} },
		"the exception ex2 is new":                             func(a *Allowed) { a.Exceptions = append(a.Exceptions, "ex2") },
		"y may be written to":                                  func(a *Allowed) { a.Writable = append(a.Writable, "y") },
		"E2 is an approver":                                    func(a *Allowed) { a.Approvers = append(a.Approvers, "E2") },
		"E2 may bind Slack accounts to people":                 func(a *Allowed) { a.Rights = append(a.Rights, "E2 may bind Slack accounts to people") },
		"per_run is unlimited instead of 10":                   func(a *Allowed) { a.Most["per_run"] = Unlimited },
		"not any more: nobody pays and approves":               func(a *Allowed) { a.Checks = nil },
		`roster.file is "other.csv" instead of "people.csv"`:   func(a *Allowed) { a.Settings["roster.file"] = `"other.csv"` },
		`roster.file is not set any more; it was "people.csv"`: func(a *Allowed) { a.Settings = nil },
		"witness.file is w and was not set":                    func(a *Allowed) { a.Settings["witness.file"] = "w" },
		"x: url is v instead of u":                             func(a *Allowed) { a.Sources["x"]["url"] = "v" },
		"x is not read any more":                               func(a *Allowed) { a.Sources = nil },
		"user 1001 of this machine is E2":                      func(a *Allowed) { a.UID["1001"] = "E2" },
		"user 1002 of this machine is E1":                      func(a *Allowed) { a.UID["1002"] = "E1" },
	} {
		before, after := base(), base()
		change(&after)
		got := after.Looser(&before)
		if want == "" && got != nil || want != "" && !slices.Equal(got, []string{want}) {
			t.Errorf("%q: %q", want, got)
		}
	}
}

// What is not looser than something that is not looser than a third is not looser than the third; and what is allowed is
// never looser than itself, however it is ordered.
func TestLooserIsAnOrder(t *testing.T) {
	gen := rapid.Custom(func(t *rapid.T) Allowed {
		return Allowed{Modes: rapid.MapOf(rapid.SampledFrom([]string{"a", "b"}), rapid.SampledFrom([]string{"ask", "auto"})).Draw(t, "modes"),
			Most: map[string]int{"m": rapid.SampledFrom([]int{0, 1, Unlimited}).Draw(t, "m")}, Least: map[string]int{"l": rapid.IntRange(0, 2).Draw(t, "l")},
			Settings:   rapid.MapOf(rapid.SampledFrom([]string{"k", "l"}), rapid.SampledFrom([]string{"1", "2"})).Draw(t, "settings"),
			Sources:    rapid.MapOf(rapid.SampledFrom([]connectors.AppID{"x", "y"}), rapid.MapOf(rapid.Just("url"), rapid.SampledFrom([]string{"1", "2"}))).Draw(t, "sources"),
			Checks:     rapid.SliceOfDistinct(rapid.SampledFrom([]string{"c", "d"}), rapid.ID[string]).Draw(t, "checks"),
			Rights:     rapid.SliceOfDistinct(rapid.SampledFrom([]string{"r"}), rapid.ID[string]).Draw(t, "rights"),
			UID:        rapid.MapOf(rapid.Just("1001"), rapid.SampledFrom([]connectors.PersonID{"E1", "E2"})).Draw(t, "uid"),
			Shields:    rapid.SliceOfDistinct(rapid.SampledFrom([]string{"s", "t"}), rapid.ID[string]).Draw(t, "shields"),
			Exceptions: rapid.SliceOfDistinct(rapid.SampledFrom([]string{"e", "f"}), rapid.ID[string]).Draw(t, "exceptions")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := gen.Draw(t, "a"), gen.Draw(t, "b"), gen.Draw(t, "c")
		if a.Looser(&b) == nil && b.Looser(&c) == nil && a.Looser(&c) != nil {
			t.Fatalf("%+v %+v %+v: %q", a, b, c, a.Looser(&c))
		}
		turned := a
		turned.Shields, turned.Exceptions = slices.Clone(a.Shields), slices.Clone(a.Exceptions)
		slices.Reverse(turned.Shields)
		slices.Reverse(turned.Exceptions)
		if turned.Hash() != a.Hash() || turned.Looser(&a) != nil {
			t.Fatal("the order matters")
		}
	})
}
