package ledger

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// AcceptLinks records, all or none, who accounts belong to, or, with Not, do not belong to. What contradicts an earlier
// record about the account takes its place; an account has at most one owner and any number of people it is not of.
func (l *Ledger) AcceptLinks(at time.Time, links ...scanner.Link) error {
	for _, k := range links {
		if k.App == "" || k.Account == "" || k.Person == "" || k.Evidence == "" {
			return fmt.Errorf("ledger: accepting the link of account %q in app %q to person %q: each of these, and the evidence, must be given", k.Account, k.App, k.Person)
		}
	}
	return l.change("links", func(tx *bbolt.Tx) error {
		for _, k := range links {
			if err := acceptLink(tx.Bucket(bLinks), k); err != nil {
				return err
			}
			if err := l.addEvent(tx, at, k.Actor, "link accepted", k); err != nil {
				return err
			}
		}
		return nil
	})
}

func acceptLink(b *bbolt.Bucket, k scanner.Link) error {
	earlier, err := linksOf(b, k.App, k.Account)
	if err != nil {
		return err
	}
	for _, e := range earlier {
		if !e.Not && !k.Not && e.Person != k.Person {
			if err := b.Delete(linkKey(e)); err != nil {
				return err
			}
		}
	}
	return putJSON(b, linkKey(k), k)
}

// RevokeLink takes back all that was recorded about an account's owner, and gives it; connectors.ErrNotFound when there
// was nothing.
func (l *Ledger) RevokeLink(app connectors.AppID, account connectors.AccountID, actor string, at time.Time) (revoked []scanner.Link, err error) {
	err = l.change("a link's end", func(tx *bbolt.Tx) error {
		b := tx.Bucket(bLinks)
		var err error
		if revoked, err = linksOf(b, app, account); err != nil {
			return err
		}
		if len(revoked) == 0 {
			return fmt.Errorf("account %q in app %q: no link: %w", account, app, connectors.ErrNotFound)
		}
		for _, k := range revoked {
			if err := errors.Join(b.Delete(linkKey(k)), l.addEvent(tx, at, actor, "link revoked", k)); err != nil {
				return err
			}
		}
		return nil
	})
	return revoked, err
}

// Links gives all recorded links, sorted by app, account and person.
func (l *Ledger) Links() (links []scanner.Link, err error) {
	err = l.read("links", func(tx *bbolt.Tx) (err error) {
		links, err = all[scanner.Link](tx.Bucket(bLinks), nil)
		return err
	})
	slices.SortFunc(links, func(a, b scanner.Link) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Person, b.Person))
	})
	return links, err
}

// AddRuling records what a person said of a finding; it takes the place of an earlier ruling of the same finding.
func (l *Ledger) AddRuling(at time.Time, r scanner.Ruling) error {
	if r.Finding == "" || r.Because == "" {
		return errors.New("ledger: ruling on a finding: its id and the reason must be given")
	}
	return l.change("a ruling", func(tx *bbolt.Tx) error { return l.addRuling(tx, at, r) })
}

func (l *Ledger) addRuling(tx *bbolt.Tx, at time.Time, r scanner.Ruling) error {
	return errors.Join(putJSON(tx.Bucket(bRulings), []byte(r.Finding), r), l.addEvent(tx, at, r.Actor, "finding ruled wrong", r))
}

// PutWrong records, all or none, a case that ends with its findings being wrong, and the rulings that say so.
func (l *Ledger) PutWrong(c *remediate.Case, before int, by remediate.Identity, what string, at time.Time, rulings []scanner.Ruling) error {
	return l.change("case "+c.ID, func(tx *bbolt.Tx) error {
		err := l.putCase(tx, c, before, by, what, at)
		for _, r := range rulings {
			if err == nil {
				err = l.addRuling(tx, at, r)
			}
		}
		return err
	})
}

// RevokeRuling takes a ruling back; connectors.ErrNotFound when there is none of that finding.
func (l *Ledger) RevokeRuling(finding scanner.FindingID, actor string, at time.Time) error {
	return l.change("a ruling's end", func(tx *bbolt.Tx) error {
		b := tx.Bucket(bRulings)
		var r scanner.Ruling
		found, err := getJSON(b, []byte(finding), &r)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("finding %q: no ruling: %w", finding, connectors.ErrNotFound)
		}
		return errors.Join(b.Delete([]byte(finding)), l.addEvent(tx, at, actor, "ruling revoked", r))
	})
}

// Rulings gives all rulings, sorted by finding.
func (l *Ledger) Rulings() (rulings []scanner.Ruling, err error) {
	err = l.read("rulings", func(tx *bbolt.Tx) (err error) {
		rulings, err = all[scanner.Ruling](tx.Bucket(bRulings), nil)
		return err
	})
	return rulings, err
}

// all decodes every value whose key begins with prefix, in the order of the keys.
func all[T any](b *bbolt.Bucket, prefix []byte) (list []T, err error) {
	c := b.Cursor()
	for k, v := c.Seek(prefix); k != nil && string(k[:min(len(k), len(prefix))]) == string(prefix); k, v = c.Next() {
		var t T
		if err := json.Unmarshal(v, &t); err != nil {
			return nil, fmt.Errorf("%w (%q: %v): %s", ErrDamaged, k, err, restore)
		}
		list = append(list, t)
	}
	return list, nil
}

func linksOf(b *bbolt.Bucket, app connectors.AppID, account connectors.AccountID) ([]scanner.Link, error) {
	return all[scanner.Link](b, accountKey(app, account))
}

func linkKey(k scanner.Link) []byte { return append(accountKey(k.App, k.Account), k.Person...) }

// accountKey begins the keys of all links of one account, and of no other's.
func accountKey(app connectors.AppID, account connectors.AccountID) []byte {
	k := binary.AppendUvarint(nil, uint64(len(app)))
	k = append(k, app...)
	k = binary.AppendUvarint(k, uint64(len(account)))
	return append(k, account...)
}
