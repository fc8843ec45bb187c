package connectors

import (
	"context"
	"iter"
	"testing"
)

// able is an app that can do everything.
type able struct{}

func (able) Info() Info { return Info{Kind: "able"} }
func (able) Accounts(context.Context, Trace) iter.Seq2[Account, error] {
	return func(yield func(Account, error) bool) { yield(Account{ID: "1"}, nil) }
}
func (able) Account(context.Context, AccountID) (Account, error)      { return Account{ID: "1"}, nil }
func (able) Disable(context.Context, Account) (Receipt, error)        { return Receipt{}, nil }
func (able) Enable(context.Context, Account) (Receipt, error)         { return Receipt{}, nil }
func (able) RevokeSessions(context.Context, Account) (Receipt, error) { return Receipt{}, nil }
func (able) Archive(context.Context, Account) (Receipt, error)        { return Receipt{}, nil }
func (able) Delete(context.Context, Account) (Receipt, error)         { return Receipt{}, nil }
func (able) RemoveEntitlement(context.Context, Account, EntitlementID) (Receipt, error) {
	return Receipt{}, nil
}
func (able) AddEntitlement(context.Context, Account, EntitlementID) (Receipt, error) {
	return Receipt{}, nil
}
func (able) RevokeCredential(context.Context, Account, CredentialID) (Receipt, error) {
	return Receipt{}, nil
}

func TestReadOnlyHidesEveryAbility(t *testing.T) {
	all := AbilitiesOf(able{})
	for _, a := range []Ability{CanDisable, CanRemoveEntitlement, CanRevokeSessions, CanRevokeCredential, CanArchive, CanDelete} {
		if !all.Has(a) {
			t.Errorf("ability %d was not found", a)
		}
	}
	r := ReadOnly(able{})
	if got := AbilitiesOf(r); got != 0 {
		t.Errorf("a read-only app can do %b", got)
	}
	if _, ok := r.(Getter); !ok || r.Info().Kind != "able" {
		t.Error("reading is not forwarded")
	}
	for a, err := range r.Accounts(t.Context(), nil) {
		if a.ID != "1" || err != nil {
			t.Error(a, err)
		}
	}
	type plain struct{ App }
	if _, ok := ReadOnly(plain{able{}}).(Getter); ok {
		t.Error("a getter came out of an app that is none")
	}
}
