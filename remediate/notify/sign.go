package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of a webhook.
const (
	HeaderTimestamp = "X-Rollcall-Timestamp" // seconds since 1970, as signed
	HeaderSignature = "X-Rollcall-Signature" // v1=hex(HMAC-SHA256(secret, timestamp + "." + body))
	HeaderKey       = "Idempotency-Key"      // Digest.Key: a receiver drops what it has had
)

const version = "v1="

// What Verify refuses with.
var (
	ErrUnsigned = errors.New("it is not signed with this secret")
	ErrTooOld   = errors.New("it was signed at another time: an old message that is sent again, or a clock that is wrong")
)

// Sign is the value of HeaderSignature.
func Sign(secret []byte, timestamp string, body []byte) string {
	return version + hex.EncodeToString(mac(secret, timestamp, body))
}

func mac(secret []byte, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(timestamp))
	h.Write([]byte{'.'})
	h.Write(body)
	return h.Sum(nil)
}

// Verify is for receivers: it tells whether a message with this header and body was sent by who has the secret, not longer
// than tolerance before or after now. The body is the bytes as they came, before anything parses them. While a secret is
// being replaced a message may hold several signatures, parted by commas; one that fits is enough.
func Verify(secret []byte, header http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	if len(secret) == 0 {
		return errors.New("verify a webhook: the secret is empty: anybody could sign with it")
	}
	stamp := header.Values(HeaderTimestamp)
	signed := header.Values(HeaderSignature)
	if len(stamp) != 1 || len(signed) != 1 {
		return fmt.Errorf("verify a webhook: want one header %s and one %s: %w", HeaderTimestamp, HeaderSignature, ErrUnsigned)
	}
	seconds, err := strconv.ParseInt(stamp[0], 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp[0] {
		return fmt.Errorf("verify a webhook: the timestamp is no number of seconds: %w", ErrUnsigned)
	}
	if !fits(signed[0], mac(secret, stamp[0], body)) {
		return fmt.Errorf("verify a webhook: %w", ErrUnsigned)
	}
	if apart := now.Sub(time.Unix(seconds, 0)).Abs(); apart > tolerance {
		return fmt.Errorf("verify a webhook: %w (%v apart; %v are allowed)", ErrTooOld, apart.Round(time.Second), tolerance)
	}
	return nil
}

func fits(signatures string, want []byte) bool {
	found := false
	for s := range strings.SplitSeq(signatures, ",") {
		text, ok := strings.CutPrefix(strings.TrimSpace(s), version)
		got, err := hex.DecodeString(text)
		found = found || ok && err == nil && hmac.Equal(got, want)
	}
	return found
}
