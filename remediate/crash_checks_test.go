package remediate_test

import (
	"fmt"
	"os"
	"slices"

	"rollcall/connectors"
	"rollcall/remediate"
)

// checkSettled holds what was done against what was decided.
func (s *scenario) checkSettled() {
	led, w := s.open()
	defer led.Close()
	may := map[effect]bool{}
	for _, id := range s.decided {
		c, err := led.Case(id)
		ok(s.t, err)
		switch c.State {
		case remediate.Confirmed:
		case remediate.Failed, remediate.Drifted:
			if c.Why == "" {
				s.t.Errorf("seed %d: case %s is %s without a reason", s.seed, id, c.State)
			}
		default:
			s.t.Errorf("seed %d: the decided case %s of %s is lost: it is %s", s.seed, id, c.Item.Group, c.State)
		}
		s.mu.Lock()
		s.ended[c.State]++
		s.mu.Unlock()
		for _, a := range c.Item.Actions {
			may[effect{"rollcall", string(a.App) + "/" + string(a.Account), what(a)}] = true
		}
		if c.State == remediate.Confirmed {
			s.checkConfirmed(c, w)
		}
	}
	count := map[effect]int{}
	for _, e := range w.Effects {
		if e.By != "rollcall" {
			continue
		}
		if count[e]++; !may[e] {
			s.t.Errorf("seed %d: %s on %s was never decided", s.seed, e.What, e.Key)
		}
		if count[e] > 1 && !w.Strange[e.Key] {
			s.t.Errorf("seed %d: %s on %s was done %d times with effect", s.seed, e.What, e.Key, count[e])
		}
	}
	if err := led.Verify(); err != nil {
		s.t.Errorf("seed %d: %v", s.seed, err)
	}
	s.mu.Lock()
	s.calls += len(count)
	s.mu.Unlock()
	w.Old = map[string]glimpse{} // time passes; and nobody meddles with what is taken back
	w.Quiet = true
	w.save()
}

// checkConfirmed holds a case that says it was done against the world.
func (s *scenario) checkConfirmed(c *remediate.Case, w *world) {
	for _, a := range c.Item.Actions {
		key := string(a.App) + "/" + string(a.Account)
		if acc := w.Accounts[key]; a.Verb == remediate.Disable && acc.Enabled != connectors.No && !w.Strange[key] {
			s.t.Errorf("seed %d: case %s is confirmed, and %s is enabled", s.seed, c.ID, key)
		}
	}
}

// what is the effect that an action has in the world.
func what(a remediate.Action) string {
	switch a.Verb {
	case remediate.Disable:
		return "disable"
	case remediate.EndSessions:
		return "end sessions"
	case remediate.RemoveEntitlement:
		return "remove " + string(a.Entitlement)
	case remediate.RevokeCredential:
		return "revoke " + string(a.Credential)
	}
	return string(a.Verb)
}

// checkTakenBack holds the world against what it was: all but what cannot come back, which is keys.
func (s *scenario) checkTakenBack() {
	led, w := s.open()
	defer led.Close()
	cases, err := led.Cases(nil)
	ok(s.t, err)
	for _, c := range cases {
		if slices.ContainsFunc(c.Steps, func(s remediate.Step) bool {
			return s.Action.Undo == remediate.Exact && (s.Progress == remediate.Meant || s.Progress == remediate.Done || s.Progress == remediate.Seen)
		}) {
			s.t.Errorf("seed %d: case %s of %s was not taken back: %s, %s", s.seed, c.ID, c.Item.Group, c.State, c.Why)
		}
	}
	for key, was := range s.was {
		now := w.Accounts[key]
		now.Credentials, was.Credentials = nil, nil
		if w.Strange[key] {
			continue // somebody else changed it too
		}
		if !same(now, was) {
			s.t.Errorf("seed %d: taken back, %s is\n%s\nand was\n%s", s.seed, key, whole(now), whole(was))
		}
		if w.ours(key, "") > 0 {
			s.mu.Lock()
			s.exact++
			s.mu.Unlock()
		}
	}
	if err := led.Verify(); err != nil {
		s.t.Errorf("seed %d: %v", s.seed, err)
	}
	if s.t.Failed() {
		fmt.Fprintf(os.Stderr, "the state of seed %d: %s\n", s.seed, s.dir)
	}
}
