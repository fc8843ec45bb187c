package remediate

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"rollcall/connectors"
)

// Fingerprint is what a decision is bound to beside the action itself: whose the account is and what it may do. Before
// anything is done the account is read again, and another fingerprint refuses (Law 3). The last sign-in and where the row
// was read are left out: they change without anything having changed.
func Fingerprint(a *connectors.Account) string {
	b := make([]byte, 0, 512)
	add := func(parts ...string) {
		for _, s := range parts {
			b = append(append(strconv.AppendInt(b, int64(len(s)), 10), ':'), s...)
		}
	}
	add(string(a.ID), a.Username, a.DisplayName, a.Email, a.EmployeeID, a.OwnerRef, a.Enabled.String(), a.Class.String())
	list := make([]string, 0, max(len(a.Aliases), len(a.Entitlements), len(a.Credentials)))
	set := func() {
		slices.Sort(list)
		list = slices.Compact(list)
		b = append(strconv.AppendInt(b, int64(len(list)), 10), ';')
		add(list...)
		list = list[:0]
	}
	list = append(list, a.Aliases...)
	set()
	for i := range a.Entitlements {
		list = append(list, string(a.Entitlements[i].ID))
	}
	set()
	for i := range a.Credentials {
		list = append(list, string(a.Credentials[i].ID))
	}
	set()
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
