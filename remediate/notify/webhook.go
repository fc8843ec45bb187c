package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Webhook posts messages to one address, signed. Errors name its host alone: the rest of an address is often a secret.
type Webhook struct {
	URL    string // https; http on this machine alone
	Secret []byte // at least ShortestSecret bytes
	HTTP   *http.Client
	Now    func() time.Time                           // each try is signed anew, with its own time
	Wait   func(context.Context, time.Duration) error // between tries
	Tries  int                                        // 0: 4
	Each   time.Duration                              // how long one try may take; 0: 30 seconds
}

// ShortestSecret is how long a secret must be at least.
const ShortestSecret = 16

const longestWait = 2 * time.Minute // all waits together

// CheckURL says what is wrong with the address of a webhook.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("want an address such as https://hooks.example.com/rollcall") // err would print it
	case u.User != nil:
		return errors.New("the address holds a name or password: leave that out; the receiver checks the signature")
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Fragment != "":
		return errors.New("want an address such as https://hooks.example.com/rollcall")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("http:// would send names and accounts readable over the network: want https://")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Host is where the webhook leads to, for people to read.
func (w *Webhook) Host() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return "a webhook without an address"
	}
	return clean(u.Host)
}

// Send posts a body until it is answered with 2xx, trying again where that may help: a receiver that had it already knows it
// by its key. It follows no redirect.
func (w *Webhook) Send(ctx context.Context, body []byte, key string) error {
	if err := CheckURL(w.URL); err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	if len(w.Secret) < ShortestSecret {
		return fmt.Errorf("webhook %s: the secret has %d bytes; want at least %d, such as those of: openssl rand -hex 32", w.Host(), len(w.Secret), ShortestSecret)
	}
	most, waited := or(w.Tries, 4), time.Duration(0)
	for n := 1; ; n++ {
		again, pause, err := w.try(ctx, body, key)
		if err == nil {
			return nil
		}
		if err = fmt.Errorf("webhook %s: %w", w.Host(), err); n > 1 {
			err = fmt.Errorf("%w (tried %d times)", err, n)
		}
		pause = max(pause, time.Second<<min(n-1, 6))
		if waited += pause; !again || n >= most || ctx.Err() != nil || waited > longestWait {
			return err
		}
		if waiting := w.Wait(ctx, pause); waiting != nil {
			return fmt.Errorf("%w; then: %w", err, waiting)
		}
	}
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// try sends it once. It says whether another try may help, and how long the receiver asks to wait before.
func (w *Webhook) try(ctx context.Context, body []byte, key string) (again bool, pause time.Duration, err error) {
	one, stop := context.WithTimeout(ctx, or(w.Each, 30*time.Second))
	defer stop()
	req, err := http.NewRequestWithContext(one, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return false, 0, errors.New("the address cannot be asked") // err would print it
	}
	stamp := strconv.FormatInt(w.Now().Unix(), 10)
	req.Close = true // the next digest is a day away
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "rollcall")
	req.Header.Set(HeaderTimestamp, stamp)
	req.Header.Set(HeaderSignature, Sign(w.Secret, stamp, body))
	req.Header.Set(HeaderKey, key)
	client := *w.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		again, err = unanswered(ctx, one, err)
		return again, 0, err
	}
	res.Body.Close()
	again, err = answered(res) // the status says it all; the rest is not read
	return again, asksToWait(res.Header.Get("Retry-After")), err
}

// unanswered says why there is no answer, without the address that net/http puts into its errors.
func unanswered(ctx, one context.Context, err error) (again bool, _ error) {
	var u *url.Error
	var cert *tls.CertificateVerificationError
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case one.Err() != nil:
		return true, errors.New("no answer in time; whether it was received is not known")
	case errors.As(err, &cert):
		return false, fmt.Errorf("its certificate is not believed: %w", show(err))
	}
	return true, fmt.Errorf("no answer: %w", show(err))
}

func answered(res *http.Response) (again bool, _ error) {
	said := fmt.Sprintf("it answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	switch s := res.StatusCode; {
	case s/100 == 2:
		return false, nil
	case s/100 == 3:
		to := "elsewhere"
		if at, err := res.Location(); err == nil {
			to = "to " + plain(at.Host)
		}
		return false, fmt.Errorf("%s, which leads %s; redirects are not followed: configure the final address", said, to)
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return false, fmt.Errorf("%s: does it have the same secret, and a right clock?", said)
	case s == http.StatusRequestTimeout, s == http.StatusTooManyRequests, s/100 == 5 && s != http.StatusNotImplemented:
		return true, errors.New(said)
	}
	return false, errors.New(said)
}

// asksToWait reads Retry-After in seconds; what is longer than we wait at all counts as just that.
func asksToWait(v string) time.Duration {
	s, err := strconv.ParseUint(strings.TrimSpace(v), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(s)*time.Second, longestWait+1)
}
