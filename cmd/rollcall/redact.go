package main

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// hostOnly is an address without what may be a secret in it; a sum says whether it is the same as another time. What is no
// address of the web stays.
func hostOnly(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User == nil && u.RawQuery == "" && strings.Trim(u.Path, "/") == "" {
		return s
	}
	return fmt.Sprintf("%s://%s/… (SHA-256 %s…)", u.Scheme, u.Host, hexSum([]byte(s))[:12])
}

// webhooks are the tables in which an address stands whose path is mostly a secret: who knows it can post there.
var webhooks = []string{"notify", "witness"}

// anyWebhook is such an address as people write it, in a comment too.
var anyWebhook = regexp.MustCompile(`(\bwebhook["']?\s*=\s*["']+)([a-z]+://[^"'\s]*)`)

// sealedText is the configuration as a run keeps it: as it was read, but for what in it may be a secret.
func (c *config) sealedText() []byte {
	text := anyWebhook.ReplaceAllFunc(c.data, func(b []byte) []byte {
		m := anyWebhook.FindSubmatch(b)
		return append(bytes.Clone(m[1]), hostOnly(string(m[2]))...)
	})
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err == nil && !redact(tree) {
		return text
	}
	// An address that is written in another way: all is written anew, without comments and without it.
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(tree); err != nil {
		return fmt.Appendf(nil, "# the configuration cannot be kept without its webhooks: %v\n", err)
	}
	return b.Bytes()
}

// redact leaves of each webhook its host, and tells whether it left out anything.
func redact(tree map[string]any) (changed bool) {
	for _, name := range webhooks {
		t, _ := tree[name].(map[string]any)
		if s, ok := t["webhook"].(string); ok && !strings.Contains(s, "/… (SHA-256 ") && hostOnly(s) != s {
			t["webhook"], changed = hostOnly(s), true
		}
	}
	return changed
}
