package remediate

import "fmt"

// Login is the name by which people know an account that the item acts upon.
func (it *Item) Login(a *Action) string {
	for i := range it.Targets {
		if t := &it.Targets[i]; t.App == a.App && t.Account == a.Account {
			return t.Login
		}
	}
	return string(a.Account)
}

// Say is what an action does, in words, and whether it can be taken back.
func (it *Item) Say(a *Action) string {
	login := it.Login(a)
	switch a.Verb {
	case Disable:
		return fmt.Sprintf("disable %s in %s%s", login, a.App, a.Undo.words())
	case EndSessions:
		return fmt.Sprintf("end the sessions of %s in %s", login, a.App)
	case RemoveEntitlement:
		return fmt.Sprintf("remove %s from %s in %s%s", a.Entitlement, login, a.App, a.Undo.words())
	case RevokeCredential:
		return fmt.Sprintf("revoke the credential %s of %s in %s%s", a.Credential, login, a.App, a.Undo.words())
	case Archive:
		return fmt.Sprintf("archive %s in %s%s", login, a.App, a.Undo.words())
	case Delete:
		return fmt.Sprintf("delete %s in %s%s", login, a.App, a.Undo.words())
	case Ticket:
		return fmt.Sprintf("by hand, in %s: %s", a.App, a.Task)
	}
	return fmt.Sprintf("%s %s in %s%s", a.Verb, login, a.App, a.Undo.words())
}

func (r Reversal) words() string {
	switch r {
	case Exact:
		return " (can be taken back)"
	case Partial:
		return " (can be taken back in part)"
	}
	return " (cannot be taken back)"
}
