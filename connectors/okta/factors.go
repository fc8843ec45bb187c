package okta

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"rollcall/connectors"
)

// factor is a way to sign in that a user has set up.
type factor struct{ FactorType, Status string }

// second tells whether the factor is one beside the password: a question that is answered from memory is no other kind of
// proof.
func (f factor) second() bool { return f.Status == active && f.FactorType != "question" }

// together is how many readings of factors are under way at a time: Okta counts those of an org that are, and refuses more
// than 75, of which rollcall is not the only one.
const together = 8

const factorsNote = "factors are asked for user by user, and are those that the enrolment policy shows to this machine: a rule for another network may show others"

// mfa tells who has a second factor. Whoever cannot sign in and never did, or never will, is not asked about.
func (a *App) mfa(ctx context.Context, t connectors.Trace, users []user) ([]connectors.Tri, error) {
	out := make([]connectors.Tri, len(users))
	if !a.reads("factors") {
		return out, nil
	}
	t.Note(connectors.Accounts, factorsNote)
	got, errs := make([]heard, len(users)), make([]error, len(users))
	next, wait := make(chan int), sync.WaitGroup{}
	inner, stop := context.WithCancel(ctx)
	defer stop()
	for range min(a.together, len(users)) {
		wait.Go(func() {
			for i := range next {
				if out[i], errs[i] = a.hasFactor(inner, &got[i], &users[i]); errs[i] != nil {
					stop()
				}
			}
		})
	}
	for i := range users {
		next <- i
	}
	close(next)
	wait.Wait()
	for i := range users {
		for _, p := range got[i].pages {
			t.Page(connectors.Accounts, p)
		}
		for _, n := range got[i].notes {
			t.Note(connectors.Accounts, n)
		}
	}
	return out, first(ctx, errs)
}

// first is the error that came first by number: those that only followed from another are passed over.
func first(ctx context.Context, errs []error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return nil
}

// heard is a Trace that keeps what one goroutine hears.
type heard struct {
	unheard
	pages []connectors.Page
	notes []string
}

func (h *heard) Page(_ connectors.Collection, p connectors.Page) { h.pages = append(h.pages, p) }
func (h *heard) Note(_ connectors.Collection, s string)          { h.notes = append(h.notes, s) }

func (a *App) hasFactor(ctx context.Context, t connectors.Trace, u *user) (connectors.Tri, error) {
	if u.Status == deactivated || u.Status == staged {
		return connectors.Unknown, nil
	}
	has := connectors.No
	for f, err := range all[factor](ctx, a, t, connectors.Accounts, "/api/v1/users/"+url.PathEscape(u.ID)+"/factors") {
		switch {
		case errors.Is(err, connectors.ErrNotFound):
			return connectors.Unknown, nil // deleted since the list was read
		case errors.Is(err, connectors.ErrForbidden):
			t.Note(connectors.Accounts, "the factors of some users may not be read by this token, such as those of higher administrators: whether they have a second one is not known")
			return connectors.Unknown, nil
		case err != nil:
			return connectors.Unknown, fmt.Errorf("factors of user %q: %w", u.ID, err)
		case f.second():
			has = connectors.Yes
		}
	}
	return has, nil
}
