package ldap

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall/connectors"
)

// Accounts implements connectors.App. The groups are read first and their memberships kept; the accounts then stream.
func (a *App) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		r, err := a.read(ctx, t)
		if err == nil {
			defer func() { r.close() }() // the connection of its end
			err = r.pull(func(acc connectors.Account) bool { return yield(acc, nil) })
		}
		if err != nil && err != errStopped {
			yield(connectors.Account{}, fmt.Errorf("ldap: %w", err))
		}
	}
}

// read begins a reading; a server that is away for a moment is asked again.
func (a *App) read(ctx context.Context, t connectors.Trace) (*reader, error) {
	for n := 1; ; n++ {
		s, err := a.connect(ctx)
		if err == nil {
			return &reader{session: s, trace: t, away: map[string]bool{}}, nil
		}
		if !again(err) || n > restarts {
			return nil, err
		}
		if err := a.pause(ctx, time.Duration(n)*time.Second); err != nil {
			return nil, err
		}
	}
}

func (r *reader) pull(yield func(connectors.Account) bool) error {
	if err := r.checkSync(); err != nil {
		return err
	}
	m, err := r.readGroups()
	if err != nil {
		return err
	}
	var buf connectors.Account
	var n tally
	seen := 0
	err = r.list(r.users(r.app.filter), func(e entry) error {
		if err := r.account(&buf, e, &n); err != nil {
			r.trace.Reject(connectors.Accounts, connectors.Where{Source: r.app.location(e.DN)}, rejected(r.app.dialect.idOf(e), err))
			return nil
		}
		keys := r.app.dialect.keysOf(e)
		for _, k := range keys {
			seen += count(m.has(k))
		}
		buf.Entitlements = m.appendTo(buf.Entitlements, m.directOf(keys, primaryOf(e)))
		if !yield(buf) {
			return errStopped
		}
		return nil
	})
	if err == nil {
		err = n.notes(r.session, r.trace)
	}
	if err != nil {
		return err
	}
	r.noteRest(len(m.direct) - seen)
	r.trace.End(connectors.Groups)
	r.trace.End(connectors.Accounts)
	return nil
}

// users asks for the accounts, or for those that a filter lets through.
func (r *reader) users(filter string) query {
	d := r.app.dialect
	attributes := slices.Clone(d.userAttrs)
	if r.app.employeeID != "" {
		attributes = append(attributes, r.app.employeeID)
	}
	f := d.users
	if filter != "" {
		f = "(&" + f + filter + ")"
	}
	return query{connectors.Accounts, r.base(), f, attributes}
}

// rejected is why an account is left out, with its id where that can be read.
func rejected(id string, why error) error {
	if id == "" {
		return why
	}
	return &connectors.RejectedRow{Err: why, Account: connectors.AccountID(id)}
}

// keysOf are the keys by which groups name an account.
func (d *dialect) keysOf(e entry) []string {
	keys := []string{memberKey(e.DN)}
	if uid := e.first("uid"); d != activeDirectory && uid != "" {
		keys = append(keys, uidKey(uid))
	}
	return keys
}

// primaryOf is the SID of an account's primary group, which stands at the account alone: the group does not name the
// account as its member, nor does memberOf name the group (MS-ADTS 3.1.1.4.5; https://learn.microsoft.com/windows/win32/adschema/a-primarygroupid).
func primaryOf(e entry) sid {
	id, err := parseSID(e.raw("objectSid"))
	rid, bad := strconv.ParseUint(e.first("primaryGroupID"), 10, 32)
	if err != nil || bad != nil || rid == 0 {
		return ""
	}
	return id.sibling(uint32(rid))
}

// noteRest tells of what this pull could not see.
func (r *reader) noteRest(strangers int) {
	if strangers > 0 {
		r.trace.Note(connectors.Groups, fmt.Sprintf("%d members of groups are none of the accounts read here, such as computers, accounts outside the base, or those of other domains: what they may do is not in this report", strangers))
	}
	var away []string
	for ref := range r.away {
		if !ownPartition(ref) {
			away = append(away, ref)
		}
	}
	if slices.Sort(away); len(away) > 0 {
		r.trace.Note(connectors.Accounts, fmt.Sprintf("the server referred to %s, which was not followed: accounts and groups there are not in this report", strings.Join(away, ", ")))
	}
}

// ownPartition tells whether a referral leads to what every domain has beside its accounts: configuration and names.
func ownPartition(ref string) bool {
	_, rest, _ := strings.Cut(strings.ToLower(ref), "://")
	_, dn, _ := strings.Cut(rest, "/")
	return strings.HasPrefix(dn, "cn=configuration,") || strings.HasPrefix(dn, "dc=domaindnszones,") || strings.HasPrefix(dn, "dc=forestdnszones,")
}

// checkSync refuses sign-ins that may be later than is said. The domain may write lastLogonTimestamp more seldom than by
// default, or not at all (https://learn.microsoft.com/windows/win32/adschema/a-msds-logontimesyncinterval).
func (r *reader) checkSync() error {
	if r.app.dialect != activeDirectory || !r.app.signIn {
		return nil
	}
	e, err := r.one(r.root.domain, "(objectClass=*)", []string{"msDS-LogonTimeSyncInterval"})
	if err != nil {
		return err
	}
	s := e.first("msDS-LogonTimeSyncInterval")
	if s == "" {
		return nil
	}
	days, err := strconv.Atoi(s)
	switch {
	case err != nil || days < 0:
		return fmt.Errorf("%s: msDS-LogonTimeSyncInterval is %q; want days", r.app.location(r.root.domain), short(s))
	case days == 0:
		return fmt.Errorf("%s: the domain does not keep lastLogonTimestamp (msDS-LogonTimeSyncInterval is 0): set sign_in = false", r.app.location(r.root.domain))
	case days > r.app.syncDays:
		return fmt.Errorf("%s: the domain writes lastLogonTimestamp as seldom as every %d days (msDS-LogonTimeSyncInterval): set logon_sync_days = %[2]d", r.app.location(r.root.domain), days)
	}
	return nil
}

// Account implements connectors.Getter. An account that was moved out of the base is still found.
func (a *App) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	acc, err := a.fresh(ctx, id)
	if err != nil {
		return connectors.Account{}, fmt.Errorf("ldap: account %q: %w", id, err)
	}
	return acc, nil
}

func (a *App) fresh(ctx context.Context, id connectors.AccountID) (acc connectors.Account, err error) {
	r, err := a.read(ctx, unheard{})
	if err != nil {
		return acc, err
	}
	defer func() { r.close() }()
	e, err := r.find(string(id))
	if err != nil {
		return acc, err
	}
	if err := r.account(&acc, e, new(tally)); err != nil {
		return acc, err
	}
	primary := primaryOf(e)
	m, in, err := r.groupsOf(e.DN, e.first("uid"), primary)
	if err != nil {
		return acc, err
	}
	direct := m.directOf(r.app.dialect.keysOf(e), primary)
	acc.Entitlements = m.appendTo(acc.Entitlements, direct)
	acc.State, err = stateOf(e, m, direct, in, primary)
	return acc, err
}

// find reads an account by its immutable id, wherever in the domain it is by now.
func (r *reader) find(id string) (entry, error) {
	if !isUUID(id) {
		return entry{}, fmt.Errorf("that is no id of this directory: %w", connectors.ErrNotFound)
	}
	return r.byID(id, r.app.dialect.users, r.users("").attributes)
}

// byID reads one entry by its immutable id.
func (s *session) byID(id, filter string, attributes []string) (entry, error) {
	if s.app.dialect == activeDirectory {
		return s.one(guidDN(id), filter, attributes)
	}
	found, err := s.search(s.root.domain, 2, "(&"+filter+"(entryUUID="+id+"))", attributes, "find entryUUID "+id)
	switch {
	case err != nil:
		return entry{}, err
	case len(found.Entries) != 1:
		return entry{}, fmt.Errorf("%s: %d entries have the entryUUID %s: %w", s.app.location(s.root.domain), len(found.Entries), id, connectors.ErrNotFound)
	}
	return entry{found.Entries[0]}, nil
}

// guidDN names an object of Active Directory by what never changes (MS-ADTS 3.1.1.3.1.2.4).
func guidDN(id string) string { return "<GUID=" + id + ">" }

// state is what an undo needs beside the account, and what of its standing is worth keeping.
type state struct {
	DN      string                             `json:"dn"`
	UAC     string                             `json:"user_account_control,omitempty"`
	Now     string                             `json:"computed_control,omitempty"` // locked out, password expired
	Expires string                             `json:"account_expires,omitempty"`
	Set     string                             `json:"password_set,omitempty"`
	Locked  string                             `json:"locked,omitempty"` // pwdAccountLockedTime
	Guarded bool                               `json:"admin_sd_holder,omitempty"`
	Primary connectors.EntitlementID           `json:"primary_group,omitempty"`
	Groups  map[connectors.EntitlementID]place `json:"groups,omitempty"` // those that name it: names change
}

// place is where a group names an account.
type place struct {
	ID string   `json:"id"`
	In []string `json:"in"` // attributes
}

func stateOf(e entry, m *membership, direct []int32, in map[int32][]string, primary sid) (json.RawMessage, error) {
	st := state{DN: e.DN, UAC: e.first("userAccountControl"), Now: e.first("msDS-User-Account-Control-Computed"),
		Locked: e.first("pwdAccountLockedTime"), Guarded: e.first("adminCount") == "1"}
	if t, is, err := filetime(orElse(e.first("accountExpires"), "0")); err == nil && is {
		st.Expires = t.Format(time.RFC3339)
	}
	if t, is, err := filetime(orElse(e.first("pwdLastSet"), "0")); err == nil && is {
		st.Set = t.Format(time.RFC3339)
	}
	if n, ok := m.bySID[primary]; ok && primary != "" {
		st.Primary = m.groups[n].name
	}
	for _, n := range direct {
		if len(in[n]) > 0 {
			if st.Groups == nil {
				st.Groups = map[connectors.EntitlementID]place{}
			}
			st.Groups[m.groups[n].name] = place{m.groups[n].id, in[n]}
		}
	}
	return json.Marshal(st)
}

func readState(before connectors.Account) (state, error) {
	var st state
	if len(before.State) == 0 {
		return st, nil
	}
	if err := json.Unmarshal(before.State, &st); err != nil {
		return st, fmt.Errorf("the account's state is not one of this connector: %w", err)
	}
	return st, nil
}

// unheard is the Trace of a read that is not part of a pull.
type unheard struct{}

func (unheard) Page(connectors.Collection, connectors.Page)           {}
func (unheard) Reject(connectors.Collection, connectors.Where, error) {}
func (unheard) Total(connectors.Collection, int)                      {}
func (unheard) End(connectors.Collection)                             {}
func (unheard) Note(connectors.Collection, string)                    {}
