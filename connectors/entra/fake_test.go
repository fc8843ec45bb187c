package entra

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

const (
	secret   = "s3cr3t+cl/ient" // of the app registration
	bearer   = "eyJ0b2tlbg.fake-access/token"
	tenant   = "contoso.example"
	clientID = "c0c0c0c0-0000-4000-8000-000000000001"
	tenantID = "7e0a0000-0000-4000-8000-0000000000aa" // of tenant, which is one of its domains
)

type object = map[string]any

// guid makes an id that can be told by its kind and number.
func guid(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }

const (
	ofUser = 0xa0 + iota
	ofGroup
	ofApp
	ofRole
	ofSKU
	ofKey
)

func userID(n int) string  { return guid(ofUser, n) }
func groupID(n int) string { return guid(ofGroup, n) }
func appID(n int) string   { return guid(ofApp, n) }
func roleID(n int) string  { return guid(ofRole, n) }
func skuID(n int) string   { return guid(ofSKU, n) }

// fake is a directory that keeps what is done to it, and answers as Microsoft Graph does, bad habits included.
type fake struct {
	mu sync.Mutex

	users, groups, apps, registered, roles, skus, mfa []object
	members                                           map[string][]object // by group
	sponsors, owners                                  map[string][]object
	roleGrants, eligible, appRoles                    []object

	noPremium bool                                              // no Entra ID P1
	lacks     map[string]bool                                   // permissions that are not granted
	page      int                                               // the largest page; 3 when 0
	public    string                                            // where clients find it
	fault     func(w http.ResponseWriter, r *http.Request) bool // answers instead, if it likes
	asked     []string                                          // method and path of each request
	assertion string                                            // by which the last token was asked for
	made      int                                               // ids given out
	routes    *http.ServeMux
	marks     []map[string]string // what there was when a delta link was given out; nil: forgotten
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
		f.token(w, r)
		return
	}
	if r.URL.Path == "/"+tenant+"/v2.0/.well-known/openid-configuration" {
		if r.Header.Get("Authorization") != "" {
			f.asked = append(f.asked, "A TOKEN WENT TO A PUBLIC DOCUMENT")
		}
		reply(w, 200, object{"issuer": "https://login.microsoftonline.com/" + tenantID + "/v2.0", "token_endpoint": "https://login.microsoftonline.com/" + tenantID + "/oauth2/v2.0/token"})
		return
	}
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/v1.0")
	f.asked = append(f.asked, r.Method+" "+r.URL.Path)
	w.Header().Set("request-id", fmt.Sprintf("request-%d", len(f.asked)))
	w.Header().Set("Date", "Wed, 01 Jul 2026 12:00:00 GMT")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+bearer:
		refuse(w, 401, "InvalidAuthenticationToken", "Access token validation failure.")
	case f.fault != nil && f.fault(w, r):
	default:
		f.mux().ServeHTTP(w, r)
	}
}

// token is the token endpoint of login.microsoftonline.com.
func (f *fake) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	scope := r.FormValue("scope")
	f.assertion = r.FormValue("client_assertion")
	if r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_id") != clientID || !strings.HasSuffix(scope, "/.default") ||
		r.FormValue("client_secret") != secret && f.assertion == "" {
		w.WriteHeader(401)
		fmt.Fprint(w, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`)
		return
	}
	fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":%q}`, bearer)
}

// mux is made once: a pull asks often.
func (f *fake) mux() *http.ServeMux {
	if f.routes != nil {
		return f.routes
	}
	m := http.NewServeMux()
	f.routes = m
	f.reads(m)
	f.writes(m)
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, 400, "BadRequest", "Resource not found for the segment '"+r.URL.Path+"'.")
	})
	return m
}

func reply(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// refuse answers with an error as Graph writes them.
func refuse(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, object{"error": object{"code": code, "message": message, "innerError": object{"request-id": w.Header().Get("request-id"), "date": "2026-07-01T12:00:00"}}})
}

func notThere(w http.ResponseWriter, id string) {
	refuse(w, 404, "Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

// may answers for the client when it lacks a permission.
func (f *fake) may(w http.ResponseWriter, permission string) bool {
	if f.lacks[permission] {
		refuse(w, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	return !f.lacks[permission]
}

func byID(all []object, id string) object {
	return first(all, func(o object) bool { return o["id"] == id })
}

func first(all []object, match func(object) bool) object {
	if i := slices.IndexFunc(all, match); i >= 0 {
		return all[i]
	}
	return nil
}

func where(all []object, field string, value any) (out []object) {
	for _, o := range all {
		if o[field] == value {
			out = append(out, o)
		}
	}
	return out
}

func drop(all []object, o object) []object {
	return slices.DeleteFunc(all, func(x object) bool { return x["id"] == o["id"] })
}

// filtered heeds $filter, in the one form that is sent: a property and its value.
func filtered(w http.ResponseWriter, r *http.Request, all []object) ([]object, bool) {
	f := r.URL.Query().Get("$filter")
	if f == "" {
		return all, true
	}
	field, value, ok := strings.Cut(f, " eq ")
	if !ok || len(value) < 2 || value[0] != '\'' || value[len(value)-1] != '\'' {
		refuse(w, 400, "Request_UnsupportedQuery", "Unsupported Query: "+f)
		return nil, false
	}
	return where(all, field, value[1:len(value)-1]), true
}

// list answers with a page: $filter, $top, $select and the token of the next page are heeded.
func (f *fake) list(w http.ResponseWriter, r *http.Request, all []object) {
	all, ok := filtered(w, r, all)
	if !ok {
		return
	}
	q := r.URL.Query()
	most := cmp.Or(f.page, 3)
	if top, err := strconv.Atoi(q.Get("$top")); err == nil {
		most = min(most, top)
	}
	at, _ := strconv.Atoi(strings.TrimPrefix(q.Get("$skiptoken"), "RFNwdAIAAQ"))
	end := min(at+most, len(all))
	page := object{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#" + strings.Trim(r.URL.Path, "/"), "value": []object{}}
	for _, o := range all[min(at, end):end] {
		page["value"] = append(page["value"].([]object), selected(r, o))
	}
	if end < len(all) {
		q.Set("$skiptoken", "RFNwdAIAAQ"+strconv.Itoa(end))
		page["@odata.nextLink"] = f.public + r.URL.Path + "?" + q.Encode()
	}
	reply(w, 200, page)
}

// few are the properties of users that Graph gives unless asked for others.
var few = "businessPhones,displayName,givenName,id,jobTitle,mail,mobilePhone,officeLocation,preferredLanguage,surname,userPrincipalName"

// selected heeds $select; the id and the type come always.
func selected(r *http.Request, o object) object {
	fields := r.URL.Query().Get("$select")
	if fields == "" && strings.HasPrefix(r.URL.Path, "/users") && o["userPrincipalName"] != nil {
		fields = few
	}
	out := object{}
	for k, v := range o {
		if fields == "" || k == "id" || k == "@odata.type" || k == "sponsors" || slices.Contains(strings.Split(fields, ","), k) {
			out[k] = v
		}
	}
	return out
}

// open starts the directory and opens the app that reads it. Nothing waits.
func (f *fake) open(t testing.TB, c AppConfig) *App {
	t.Helper()
	return f.openVia(t, c, func(rt http.RoundTripper) http.RoundTripper { return rt })
}

// openVia opens it over another transport.
func (f *fake) openVia(t testing.TB, c AppConfig, wrap func(http.RoundTripper) http.RoundTripper) *App {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.public = srv.URL + "/v1.0"
	env := testEnv()
	env.HTTP = &http.Client{Transport: wrap(srv.Client().Transport)}
	return openAt(t, f.public, srv.URL, c, env)
}

// openAt opens an app at an address of Graph and one of the token endpoint.
func openAt(t testing.TB, graph, login string, c AppConfig, env connectors.Env) *App {
	t.Helper()
	c.Tenant, c.ClientID, c.URL, c.LoginURL = tenant, clientID, graph, login
	if c.Certificate == "" {
		c.ClientSecret = "env:ENTRA"
	}
	app, err := c.open(env, httpx.Settings{Sleep: noWait})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func testEnv() connectors.Env {
	return connectors.Env{HTTP: &http.Client{}, Zone: time.UTC, Secret: func(ref string) (string, error) {
		if ref != "env:ENTRA" {
			return "", errors.New("a literal secret is refused; refer to it as env:NAME")
		}
		return secret, nil
	}}
}
