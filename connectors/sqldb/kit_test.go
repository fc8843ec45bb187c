package sqldb

import (
	"errors"
	"net"
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

const testPassword = "pass-word-of-the-scanner-4711"

// testEnv knows one secret.
func testEnv(dir string) connectors.Env {
	return connectors.Env{
		Dial: new(net.Dialer).DialContext,
		Dir:  dir,
		Zone: time.UTC,
		Secret: func(ref string) (string, error) {
			if ref != "env:DB" {
				return "", errors.New("no such secret")
			}
			return testPassword, nil
		},
	}
}
