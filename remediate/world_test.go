package remediate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
)

// world is the apps of a made-up company, outside of the program under test: what was really changed stands in it. With a
// path it lives in a file that is written whole or not at all, so that it outlives a program that is killed.
type world struct {
	path string
	seed uint64
	mu   sync.Mutex
	// onWrite hears of every call that is to change something, before it does.
	onWrite func(key, what string)
	worldState
}

type worldState struct {
	Accounts map[string]connectors.Account // "app/id"
	Sessions map[string]int
	Old      map[string]glimpse // what reads still show
	Effects  []effect           // every change that really changed something
	Strange  map[string]bool    // accounts that somebody else changed
	Draws    uint64             // of the faults' dice
	Faults   bool
	Quiet    bool // nobody else changes anything
}

// glimpse is an account as the next reads show it although it has changed.
type glimpse struct {
	Account connectors.Account
	Left    int
}

type effect struct{ By, Key, What string }

func newWorld(accounts map[connectors.AppID][]connectors.Account) *world {
	w := &world{worldState: worldState{Accounts: map[string]connectors.Account{}, Sessions: map[string]int{}, Old: map[string]glimpse{}, Strange: map[string]bool{}}}
	for app, list := range accounts {
		for _, a := range list {
			w.Accounts[string(app)+"/"+string(a.ID)] = a.Clone()
			w.Sessions[string(app)+"/"+string(a.ID)] = 2
		}
	}
	return w
}

func loadWorld(path string, seed uint64) (*world, error) {
	w := &world{path: path, seed: seed}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return w, json.Unmarshal(b, &w.worldState)
}

func (w *world) save() {
	if w.path == "" {
		return
	}
	b, err := json.Marshal(&w.worldState)
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(w.path+".new", b, 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(w.path+".new", w.path); err != nil {
		panic(err)
	}
}

// dice give the same faults for the same seed, also over restarts.
func (w *world) dice() *rand.Rand {
	w.Draws++
	return rand.New(rand.NewPCG(w.seed, w.Draws))
}

func (w *world) get(key string) connectors.Account {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Accounts[key].Clone()
}

// set is what somebody else does.
func (w *world) set(key string, change func(*connectors.Account)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.strange(key, change)
	w.save()
}

func (w *world) strange(key string, change func(*connectors.Account)) {
	a := w.Accounts[key].Clone()
	change(&a)
	w.Accounts[key] = a
	w.Strange[key] = true
	w.Effects = append(w.Effects, effect{"somebody", key, "changed"})
}

// ours counts the changes that the program under test really made to an account: what, or "" for all.
func (w *world) ours(key, what string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.Effects {
		if e.By == "rollcall" && (key == "" || e.Key == key) && (what == "" || e.What == what) {
			n++
		}
	}
	return n
}

// app is one app of the world, with every ability.
type app struct {
	w   *world
	id  connectors.AppID
	src inmem.Source // how a pull of it goes
}

var (
	_ connectors.Disabler           = (*app)(nil)
	_ connectors.EntitlementRemover = (*app)(nil)
	_ connectors.SessionRevoker     = (*app)(nil)
	_ connectors.CredentialRevoker  = (*app)(nil)
)

func (a *app) source() *inmem.App {
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	var rows []connectors.Account
	for key, acc := range a.w.Accounts {
		if strings.HasPrefix(key, string(a.id)+"/") {
			rows = append(rows, acc.Clone())
		}
	}
	slices.SortFunc(rows, func(x, y connectors.Account) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return &inmem.App{Source: a.src, Rows: rows, Signals: connectors.Signals{SignIn: connectors.Signal{Given: true}}}
}

func (a *app) Info() connectors.Info { return a.source().Info() }
func (a *app) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return a.source().Accounts(ctx, t)
}

var (
	err429  = fmt.Errorf("429: %w", connectors.ErrTransient)
	err500  = fmt.Errorf("500: %w", connectors.ErrTransient)
	errLost = errors.New("connection reset while waiting for the answer")
	errLate = errors.New("no answer within the time allowed")
)

// Account implements connectors.Getter.
func (a *app) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Account{}, err
	}
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	defer a.w.save()
	key := string(a.id) + "/" + string(id)
	if a.w.Faults {
		r := a.w.dice()
		switch p := r.Float64(); {
		case p < .02:
			return connectors.Account{}, err429
		case p < .03:
			return connectors.Account{}, err500
		case p < .04:
			return connectors.Account{}, errLate
		case p < .055 && !a.w.Quiet:
			a.w.meddle(key, r)
		}
	}
	if o := a.w.Old[key]; o.Left > 0 {
		o.Left--
		a.w.Old[key] = o
		return o.Account.Clone(), nil
	}
	acc, ok := a.w.Accounts[key]
	if !ok {
		return connectors.Account{}, connectors.ErrNotFound
	}
	return acc.Clone(), nil
}

// meddle has somebody else change the account.
func (w *world) meddle(key string, r *rand.Rand) {
	kind := r.IntN(4)
	w.strange(key, func(a *connectors.Account) {
		switch kind {
		case 0:
			a.Entitlements = append(a.Entitlements, connectors.Entitlement{ID: connectors.EntitlementID(fmt.Sprint("new-", w.Draws))})
		case 1:
			a.Email = fmt.Sprintf("other%d@made-up.example", w.Draws)
		case 2:
			a.DisplayName += "!"
		case 3:
			a.Enabled = connectors.Yes
		}
	})
}

// write makes a change, unless a fault keeps it from being made, or from being known.
func (a *app) write(ctx context.Context, id connectors.AccountID, what string, change func(key string, acc *connectors.Account) bool) (connectors.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Receipt{}, err
	}
	key := string(a.id) + "/" + string(id)
	if a.w.onWrite != nil {
		a.w.onWrite(key, what)
	}
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	defer a.w.save()
	acc, ok := a.w.Accounts[key]
	if !ok {
		return connectors.Receipt{}, connectors.ErrNotFound
	}
	lose, lag := error(nil), 0
	if a.w.Faults {
		r := a.w.dice()
		switch p := r.Float64(); {
		case p < .08:
			return connectors.Receipt{}, err429
		case p < .13:
			return connectors.Receipt{}, err500
		case p < .16:
			return connectors.Receipt{}, errLate
		case p < .19:
			return connectors.Receipt{}, connectors.ErrForbidden
		case p < .24:
			return connectors.Receipt{RequestID: "wrong", Changed: true}, nil
		case p < .34:
			lose = errLost
		case p < .46:
			lag = 1 + r.IntN(4)
		}
	}
	old := acc.Clone()
	n := acc.Clone()
	changed := change(key, &n)
	if changed {
		a.w.Accounts[key] = n
		a.w.Effects = append(a.w.Effects, effect{"rollcall", key, what})
	}
	a.w.Old[key] = glimpse{old, lag}
	if lose != nil {
		return connectors.Receipt{}, lose
	}
	return connectors.Receipt{RequestID: fmt.Sprint(len(a.w.Effects)), Changed: changed}, nil
}

// Disable also takes an account out of its teams, as many apps do; Enable gives them back from the account as it was.
func (a *app) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.write(ctx, before.ID, "disable", func(_ string, acc *connectors.Account) bool {
		was := acc.Enabled
		acc.Enabled = connectors.No
		acc.Entitlements = slices.DeleteFunc(acc.Entitlements, team)
		return was != connectors.No
	})
}

func team(e connectors.Entitlement) bool { return strings.HasPrefix(string(e.ID), "team-") }

func (a *app) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.write(ctx, before.ID, "enable", func(_ string, acc *connectors.Account) bool {
		was := acc.Enabled
		acc.Enabled = before.Enabled
		for _, e := range before.Entitlements {
			if team(e) && !slices.ContainsFunc(acc.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e.ID }) {
				acc.Entitlements = append(acc.Entitlements, e)
			}
		}
		return was != before.Enabled
	})
}

func (a *app) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return a.write(ctx, before.ID, "remove "+string(e), func(_ string, acc *connectors.Account) bool {
		n := len(acc.Entitlements)
		acc.Entitlements = slices.DeleteFunc(acc.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e })
		return len(acc.Entitlements) < n
	})
}

func (a *app) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return a.write(ctx, before.ID, "add "+string(e), func(_ string, acc *connectors.Account) bool {
		has := func(list []connectors.Entitlement) int {
			return slices.IndexFunc(list, func(h connectors.Entitlement) bool { return h.ID == e })
		}
		i := has(before.Entitlements)
		if has(acc.Entitlements) >= 0 || i < 0 {
			return false
		}
		acc.Entitlements = append(acc.Entitlements, before.Entitlements[i])
		return true
	})
}

func (a *app) RevokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.write(ctx, before.ID, "end sessions", func(key string, _ *connectors.Account) bool {
		had := a.w.Sessions[key]
		a.w.Sessions[key] = 0
		return had > 0
	})
}

func (a *app) RevokeCredential(ctx context.Context, before connectors.Account, c connectors.CredentialID) (connectors.Receipt, error) {
	return a.write(ctx, before.ID, "revoke "+string(c), func(_ string, acc *connectors.Account) bool {
		n := len(acc.Credentials)
		acc.Credentials = slices.DeleteFunc(acc.Credentials, func(h connectors.Credential) bool { return h.ID == c })
		return len(acc.Credentials) < n
	})
}
