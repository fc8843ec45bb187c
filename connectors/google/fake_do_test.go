package google

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// do is what the API does.
func (f *fake) do(m method, vars map[string]string, q url.Values, body object) (int, object) {
	kind, verb, _ := strings.Cut(strings.TrimPrefix(m.ID, "directory."), ".")
	switch kind {
	case "users", "tokens", "asps":
		if verb == "list" && kind == "users" {
			return f.listUsers(q)
		}
		u := f.user(vars["userKey"])
		if u == nil {
			return no(404, "notFound", "Resource Not Found: userKey")
		}
		if kind == "users" {
			return f.doUser(verb, u, body)
		}
		return f.doCredential(kind, verb, fmt.Sprint(u["id"]), vars)
	case "groups":
		return f.doGroup(verb, vars, q)
	case "members":
		return f.doMember(verb, vars, q, body)
	}
	if vars["customer"] != "my_customer" && vars["customer"] != customer {
		return no(403, "forbidden", "Not Authorized to access this resource/api")
	}
	if kind == "roles" {
		return f.paged("items", f.roles, q)
	}
	return f.doAssignment(verb, vars, q, body)
}

func (f *fake) listUsers(q url.Values) (int, object) {
	switch c := q.Get("customer"); {
	case c == "" && q.Get("domain") == "":
		return no(400, "badRequest", "Bad Request")
	case c != "my_customer" && c != customer:
		return no(403, "forbidden", "Not Authorized to access this resource/api")
	}
	return f.paged("users", sorted(f.users, "primaryEmail"), q)
}

func (f *fake) doUser(verb string, u, body object) (int, object) {
	switch verb {
	case "patch":
		for k, v := range body {
			u[k] = v
		}
		delete(u, "suspensionReason")
		if u["suspended"] == true {
			u["suspensionReason"] = "ADMIN"
		}
	case "makeAdmin":
		u["isAdmin"] = body["status"]
		f.assignments = slices.DeleteFunc(f.assignments, func(a object) bool { return a["roleId"] == "1" && a["assignedTo"] == u["id"] })
		if body["status"] == true {
			f.assign(object{"roleId": "1", "assignedTo": u["id"], "scopeType": "CUSTOMER"})
		}
		return 200, nil
	case "signOut":
		f.signedOut = append(f.signedOut, fmt.Sprint(u["id"]))
		return 200, nil
	}
	return 200, u
}

func (f *fake) doCredential(kind, verb, user string, vars map[string]string) (int, object) {
	all, id, field := f.tokens, vars["clientId"], "clientId"
	if kind == "asps" {
		all, id, field = f.asps, vars["codeId"], "codeId"
	}
	if verb == "list" {
		out := object{"kind": "admin#directory#" + strings.TrimSuffix(kind, "s") + "List"}
		if len(all[user]) > 0 {
			out["items"] = all[user]
		}
		return 200, out
	}
	i := slices.IndexFunc(all[user], func(c object) bool { return fmt.Sprint(c[field]) == id })
	if i < 0 {
		return no(404, "notFound", "Resource Not Found: "+field)
	}
	all[user] = slices.Delete(all[user], i, i+1)
	return 200, nil
}

func (f *fake) doGroup(verb string, vars map[string]string, q url.Values) (int, object) {
	if verb == "get" {
		if g := f.group(vars["groupKey"]); g != nil {
			return 200, g
		}
		return no(404, "notFound", "Resource Not Found: groupKey")
	}
	key := q.Get("userKey")
	switch {
	case key != "" && q.Get("customer") != "":
		return no(400, "invalid", "Invalid Input: userKey")
	case key == "":
		return f.paged("groups", sorted(f.groups, "email"), q)
	}
	var in []object
	for _, g := range f.groups {
		if slices.ContainsFunc(f.members[fmt.Sprint(g["id"])], func(v object) bool { return v["id"] == key || v["email"] == key }) {
			in = append(in, g)
		}
	}
	return f.paged("groups", in, q)
}

func (f *fake) doMember(verb string, vars map[string]string, q url.Values, body object) (int, object) {
	g := f.group(vars["groupKey"])
	if g == nil {
		return no(404, "notFound", "Resource Not Found: groupKey")
	}
	id := fmt.Sprint(g["id"])
	i := slices.IndexFunc(f.members[id], func(v object) bool { return v["id"] == vars["memberKey"] || v["email"] == vars["memberKey"] })
	switch {
	case verb == "list":
		var list []object
		for _, v := range f.members[id] {
			v = maps.Clone(v)
			delete(v, "delivery_settings") // which Google tells of single members alone
			list = append(list, v)
		}
		return f.paged("members", list, q)
	case verb == "insert":
		return f.insert(id, body)
	case i < 0:
		return no(404, "notFound", "Resource Not Found: memberKey")
	case verb == "delete":
		f.members[id] = slices.Delete(f.members[id], i, i+1)
		return 200, nil
	case verb == "patch":
		maps.Copy(f.members[id][i], body)
	}
	return 200, f.members[id][i]
}

func (f *fake) insert(group string, body object) (int, object) {
	u := f.user(fmt.Sprint(body["email"]))
	switch {
	case u == nil:
		return no(404, "notFound", "Resource Not Found: "+fmt.Sprint(body["email"]))
	case slices.ContainsFunc(f.members[group], func(v object) bool { return v["id"] == u["id"] }):
		return no(409, "duplicate", "Member already exists.")
	}
	delivery, _ := body["delivery_settings"].(string)
	if delivery == "" {
		delivery = "ALL_MAIL"
	}
	v := seatOf(fmt.Sprint(u["id"]), fmt.Sprint(u["primaryEmail"]), fmt.Sprint(body["role"]), delivery)
	f.members[group] = append(f.members[group], v)
	return 200, v
}

func (f *fake) doAssignment(verb string, vars map[string]string, q url.Values, body object) (int, object) {
	switch verb {
	case "list":
		all := f.assignments
		if key := q.Get("userKey"); key != "" {
			all = slices.DeleteFunc(slices.Clone(all), func(a object) bool { return a["assignedTo"] != key })
		}
		return f.paged("items", all, q)
	case "insert":
		return 200, f.assign(body)
	}
	i := slices.IndexFunc(f.assignments, func(a object) bool { return a["roleAssignmentId"] == vars["roleAssignmentId"] })
	if i < 0 {
		return no(404, "notFound", "Resource Not Found: roleAssignment")
	}
	f.assignments = slices.Delete(slices.Clone(f.assignments), i, i+1)
	return 200, nil
}

func (f *fake) assign(a object) object {
	f.made++
	a = maps.Clone(a)
	a["roleAssignmentId"], a["assigneeType"] = fmt.Sprint(900+f.made), "user"
	f.assignments = append(f.assignments, a)
	return a
}

// giveToken is the token endpoint: it believes what the service account signed, and gives a token for its scopes if all of
// them are delegated to it.
func (f *fake) giveToken(w http.ResponseWriter, r *http.Request) {
	claims, err := verify(f.t, r.PostFormValue("assertion"))
	deny := func(code, why string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		json.NewEncoder(w).Encode(object{"error": code, "error_description": why})
	}
	switch {
	case err != nil || r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
		deny("invalid_grant", fmt.Sprint("Invalid JWT: ", err))
		return
	case f.user(claims.Sub) == nil:
		deny("invalid_grant", "Invalid email or User ID")
		return
	}
	for _, s := range strings.Fields(claims.Scope) {
		if !slices.Contains(f.delegated, strings.TrimPrefix(s, scopeBase)) {
			deny("unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.")
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(object{"access_token": accessToken + base64.RawURLEncoding.EncodeToString([]byte(claims.Scope)), "expires_in": 3599, "token_type": "Bearer"})
}

// accessToken begins every token; what follows are its scopes.
const accessToken = "ya29.s3cr3t-"

// scopesOf are those of a request's token; none: it has no token of ours.
func scopesOf(r *http.Request) string {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "+accessToken)
	if scopes, err := base64.RawURLEncoding.DecodeString(text); ok && err == nil {
		return string(scopes)
	}
	return ""
}

// permits tells whether a token has one of the scopes that the description wants for a method.
func permits(m method, scopes string) bool {
	return slices.ContainsFunc(strings.Fields(scopes), func(s string) bool { return slices.Contains(m.Scopes, s) })
}

type claims struct{ Iss, Sub, Aud, Scope string }

func verify(t testing.TB, assertion string) (claims, error) {
	var c claims
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return c, fmt.Errorf("no JWT")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err == nil {
		err = rsa.VerifyPKCS1v15(&signingKey().PublicKey, crypto.SHA256, sum[:], sig)
	}
	if err != nil {
		return c, err
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if c.Iss != serviceAccount {
		err = fmt.Errorf("issuer %q", c.Iss)
	}
	return c, err
}

const serviceAccount = "rollcall@project.iam.gserviceaccount.com"

var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// keyFile is a service account's JSON key.
func keyFile(t testing.TB) string {
	der, err := x509.MarshalPKCS8PrivateKey(signingKey())
	if err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(object{"type": "service_account", "client_email": serviceAccount, "client_id": "1077", "private_key_id": "k1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": "https://oauth2.googleapis.com/token"})
	return string(b)
}
