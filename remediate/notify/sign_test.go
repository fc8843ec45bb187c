package notify

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var key32 = []byte("0123456789abcdef0123456789abcdef")

func signed(secret []byte, stamp string, body string) http.Header {
	return http.Header{HeaderTimestamp: {stamp}, HeaderSignature: {Sign(secret, stamp, []byte(body))}}
}

// The vector was made with: printf '1800014400.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
func TestSignVector(t *testing.T) {
	const want = "v1=ebc40e0a66cb20cb1910db705de3b22ae7f28a4211e2c6392fa13039b77eec9b"
	if got := Sign(key32, "1800014400", []byte(`{"a":1}`)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestVerify(t *testing.T) {
	const body, stamp = `{"a":1}`, "1800014400"
	now := time.Unix(1800014400, 0)
	good := Sign(key32, stamp, []byte(body))
	for _, c := range []struct {
		name   string
		secret []byte
		header http.Header
		body   string
		now    time.Time
		want   error
	}{
		{"good", key32, signed(key32, stamp, body), body, now, nil},
		{"late", key32, signed(key32, stamp, body), body, now.Add(5 * time.Minute), nil},
		{"too late", key32, signed(key32, stamp, body), body, now.Add(5*time.Minute + time.Second), ErrTooOld},
		{"too early", key32, signed(key32, stamp, body), body, now.Add(-6 * time.Minute), ErrTooOld},
		{"other body", key32, signed(key32, stamp, body), body + " ", now, ErrUnsigned},
		{"other secret", []byte("another secret, long enough"), signed(key32, stamp, body), body, now, ErrUnsigned},
		{"other time", key32, http.Header{HeaderTimestamp: {"1800014401"}, HeaderSignature: {good}}, body, now, ErrUnsigned},
		{"the point moved", key32, http.Header{HeaderTimestamp: {"18000144"}, HeaderSignature: {good}}, "00." + body, now, ErrUnsigned},
		{"two signatures", key32, http.Header{HeaderTimestamp: {stamp}, HeaderSignature: {"v1=00, " + good}}, body, now, nil},
		{"another version", key32, http.Header{HeaderTimestamp: {stamp}, HeaderSignature: {"v0" + good[2:]}}, body, now, ErrUnsigned},
		{"two time stamps", key32, http.Header{HeaderTimestamp: {stamp, stamp}, HeaderSignature: {good}}, body, now, ErrUnsigned},
		{"sign before the time", key32, http.Header{HeaderTimestamp: {"+" + stamp}, HeaderSignature: {Sign(key32, "+"+stamp, []byte(body))}}, body, now, ErrUnsigned},
		{"nothing", key32, http.Header{}, body, now, ErrUnsigned},
	} {
		if err := Verify(c.secret, c.header, []byte(c.body), c.now, 5*time.Minute); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if Verify(nil, signed(nil, stamp, body), []byte(body), now, time.Minute) == nil {
		t.Error("an empty secret is accepted")
	}
	if Verify(key32, signed(key32, "-9223372036854775808", body), []byte(body), now, 5*time.Minute) == nil {
		t.Error("a time out of reach is accepted")
	}
}

// No bytes but the signed ones are accepted.
func TestVerifyRefusesChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		other := rapid.SliceOf(rapid.Byte()).Draw(t, "other")
		h := signed(key32, "1800014400", string(body))
		err := Verify(key32, h, other, time.Unix(1800014400, 0), time.Minute)
		if (err == nil) != (string(body) == string(other)) {
			t.Fatal(err)
		}
	})
}
