package ldap

import (
	"context"
	"errors"
	"testing"
	"time"

	"rollcall/connectors"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func noPause(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func isForbidden(err error) bool { return errors.Is(err, connectors.ErrForbidden) }
