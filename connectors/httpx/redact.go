package httpx

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

const redacted = "REDACTED"

// secrets are what must never be shown: those of the configuration, and the last of those that come and go.
type secrets struct {
	mu      sync.RWMutex
	lasting []string // every form of each
	coming  []string
}

func forms(s string) []string {
	return []string{s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s))}
}

func (s *secrets) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lasting = append(s.lasting, forms(secret)...)
}

// passing adds tokens; assertions are known by their looks. So many are kept that none is forgotten while an answer that shows it may come.
func (s *secrets) passing(these ...string) {
	const most = 64
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range these {
		if secret != "" && !slices.Contains(s.coming, secret) {
			s.coming = append(s.coming, forms(secret)...)
		}
	}
	s.coming = slices.Clone(s.coming[max(0, len(s.coming)-most):])
}

var (
	// secretParam finds query parameters that hold secrets by their names, such as those of signed links. Names of page
	// tokens are not among them: evidence should show which page was read.
	secretParam = regexp.MustCompile(`(?i)([?&](?:token|(?:access|auth|id|refresh|x-amz-security)[_-]?token|[^=&#\s]*secret|` +
		`password|passwd|api[_-]?key|[^=&#\s]*assertion|[^=&#\s]*signature|sig|[^=&#\s]*credential)=)[^&#\s"]+`)
	// secretField finds the same in JSON, as token endpoints answer and echoes show.
	secretField = regexp.MustCompile(`(?i)("(?:(?:access|auth|id|refresh)_?token|[a-z_]*secret|password|passwd|private_?key|api_?key|[a-z_]*assertion)"\s*:\s*")(?:[^"\\]|\\.)*`)
	// secretShape finds what is a secret by its looks: private keys in PEM, and signed JSON Web Tokens.
	secretShape = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|$)|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+`)
)

// redact replaces every secret, in every form it may be written in, and what is one by its name or its looks.
func (c *Client) redact(s string) string {
	c.secrets.mu.RLock()
	for _, known := range [][]string{c.secrets.lasting, c.secrets.coming} {
		for _, form := range known {
			s = strings.ReplaceAll(s, form, redacted)
		}
	}
	c.secrets.mu.RUnlock()
	s = secretShape.ReplaceAllString(s, redacted)
	s = secretField.ReplaceAllString(s, "${1}"+redacted)
	return secretParam.ReplaceAllString(s, "${1}"+redacted)
}
