//go:build integration

package httpx

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest/peer"
)

// TestIntegrationOIDCProvider gets tokens from a token endpoint that nobody here wrote: oidc-provider, from npm. It needs node
// and npm, and once the npm registry; what it installs is kept in the user's cache.
func TestIntegrationOIDCProvider(t *testing.T) {
	secret := "a-secret/of+some:length-which-is-32-bytes"
	b64 := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	rsaPub, ecPub := keys().rsa.PublicKey, keys().ec.PublicKey
	thumb := sha256.Sum256(keys().cert)
	rsaJWK := map[string]any{"kty": "RSA", "n": b64(rsaPub.N), "e": "AQAB", "x5t#S256": base64.RawURLEncoding.EncodeToString(thumb[:])}
	point, err := ecPub.Bytes() // 4, x and y
	check(t, err)
	ecJWK := map[string]any{"kty": "EC", "crv": "P-256", "x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:])}
	client := func(id, method string, more map[string]any) map[string]any {
		c := map[string]any{"client_id": id, "token_endpoint_auth_method": method, "grant_types": []string{"client_credentials"},
			"redirect_uris": []string{}, "response_types": []string{}, "scope": "read list"}
		for k, v := range more {
			c[k] = v
		}
		return c
	}
	jwks := func(jwk map[string]any, alg string) map[string]any {
		return map[string]any{"jwks": map[string]any{"keys": []any{jwk}}, "token_endpoint_auth_signing_alg": alg}
	}
	base := startOIDC(t, []any{
		client("post", "client_secret_post", map[string]any{"client_secret": secret}),
		client("basic", "client_secret_basic", map[string]any{"client_secret": secret}),
		client("rs", "private_key_jwt", jwks(rsaJWK, "RS256")),
		client("ps", "private_key_jwt", jwks(rsaJWK, "PS256")),
		client("es", "private_key_jwt", jwks(ecJWK, "ES256")),
	})
	env := connectors.Env{HTTP: new(http.Client), Secret: func(ref string) (string, error) {
		return map[string]string{"env:SECRET": secret, "env:RSA": pkcs8(keys().rsa), "env:CERT": keys().certPEM, "env:EC": pkcs8(keys().ec), "env:WRONG": "wrong-secret"}[ref], nil
	}}
	open := func(t *testing.T, a ClientCredentials) *Client {
		a.TokenURL, a.Scopes = base+"/token", []string{"read", "list"}
		c, err := New(env, Settings{Base: base + "/api", Auth: a})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, a := range []ClientCredentials{
		{ClientID: "post", Secret: "env:SECRET"},
		{ClientID: "basic", Secret: "env:SECRET", InHeader: true},
		{ClientID: "rs", Key: "env:RSA", Audience: base},
		{ClientID: "ps", Key: "env:RSA", Certificate: "env:CERT", Audience: base},
		{ClientID: "es", Key: "env:EC", Audience: base},
	} {
		t.Run(a.ClientID, func(t *testing.T) {
			c := open(t, a)
			for n := range 3 { // the second is by the same token; it is revoked then, and the third asks for another
				write := Write{Method: "DELETE", Ref: "/users"}
				if n != 1 {
					write.Method = "PUT"
				}
				res, err := c.Send(t.Context(), write)
				if err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprintf(`{"client":%q,"scope":"read list"}`, a.ClientID); string(res.Body) != want || res.Tries != 1+n/2 {
					t.Errorf("got %s after %d tries; want %s", res.Body, res.Tries, want)
				}
			}
		})
	}
	for name, a := range map[string]ClientCredentials{
		"another key":    {ClientID: "es", Key: "env:RSA", Audience: base},
		"another secret": {ClientID: "post", Secret: "env:WRONG"},
		"nobody":         {ClientID: "nobody", Secret: "env:SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, a).Get(t.Context(), "/users")
			if !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), "invalid_client") || strings.Contains(err.Error(), "wrong-secret") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// startOIDC runs the server until the test ends.
func startOIDC(t *testing.T, clients []any) (base string) {
	t.Helper()
	b, err := json.Marshal(clients)
	check(t, err)
	file := filepath.Join(t.TempDir(), "clients.json")
	check(t, os.WriteFile(file, b, 0o600))
	dir := peer.Npm(t, "oidc", os.DirFS("testdata/oidc"))
	return "http://127.0.0.1:" + peer.Serve(t, peer.Node(dir, "server.mjs", file, "600"), `listening on (\d+)`)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
