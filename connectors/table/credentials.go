package table

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"rollcall/connectors"
)

// The columns of the credential table.
const (
	crAccount = iota
	crID
	crKind
	crCreated
	crLastUsed
)

func (c CredentialColumns) wanted() []want {
	return []want{crAccount: {"account", c.Account}, crID: {"id", c.ID}, crKind: {"kind", c.Kind}, crCreated: {"created", c.Created},
		crLastUsed: {"last_used", c.LastUsed}}
}

func credentialSpec(file File, c CredentialOptions, o AppOptions, env connectors.Env) (*spec, error) {
	if file == nil {
		return nil, nil
	}
	s := &spec{file: file, collection: connectors.Credentials, section: "app.credentials.columns", wanted: c.Columns.wanted(), limit: c.MaxRejected}
	if err := need(s.section, map[string]string{"account": c.Columns.Account, "id": c.Columns.ID}); err != nil {
		return nil, err
	}
	dates, noDate := inherit(c.Dates, c.NoDate, o.Common)
	var err error
	if s.dates, err = newDates(dates, noDate, env.Zone); err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	return s, nil
}

// readCredentials packs the credential file. Its collection ends only when the accounts are known.
func (p *pull) readCredentials(ctx context.Context) (*rows, error) {
	r, err := p.app.credentials.open(ctx, p.trace)
	if err != nil {
		return nil, err
	}
	defer r.close()
	kinds := newTexts()
	for {
		ok, err := r.next()
		if !ok || err != nil {
			p.tables.credentials.number(&p.tables.ids)
			return r, err
		}
		account, id, kind := r.idCell(crAccount), r.idCell(crID), r.cell(crKind)
		row := connectors.Credential{Created: r.date(crCreated), LastUsed: r.date(crLastUsed)}
		switch {
		case r.fault != nil:
			r.reject(r.record.Line, aboutAccount(r, crAccount, account, r.fault))
			continue
		case len(account) == 0 || len(id) == 0:
			r.reject(r.record.Line, aboutAccount(r, crAccount, account, errors.New("the account or the credential is blank")))
			continue
		}
		row.ID, row.Kind = connectors.CredentialID(id), kinds.shared(kind)
		if err := p.tables.credentials.add(account, r.record.Line, row, p.hash, &p.tables.ids); err != nil {
			return nil, fmt.Errorf("%s: %w", r.file.Name(), err)
		}
	}
}

// keyring gathers the credentials of one account: the same one twice is one, created when it first was and used when it
// last was.
type keyring struct {
	all    []connectors.Credential
	merged int
}

func (k *keyring) begin() { k.all = k.all[:0] }

func (k *keyring) add(rows []connectors.Credential) { k.all = append(k.all, rows...) }

// in is what is on the ring, by id.
func (k *keyring) in() []connectors.Credential {
	slices.SortFunc(k.all, func(a, b connectors.Credential) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Kind, b.Kind))
	})
	kept := k.all[:0]
	for _, c := range k.all {
		last := len(kept) - 1
		if last < 0 || kept[last].ID != c.ID || kept[last].Kind != c.Kind {
			kept = append(kept, c)
			continue
		}
		k.merged++
		kept[last].Created, kept[last].LastUsed = earliest(kept[last].Created, c.Created), latest(kept[last].LastUsed, c.LastUsed)
	}
	k.all = kept
	return kept
}
