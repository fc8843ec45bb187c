package httpx

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

const redacted = "REDACTED"

// secretParam finds query parameters that hold secrets by their names, such as those of signed links. Names of page
// tokens are not among them: evidence should show which page was read.
var secretParam = regexp.MustCompile(`(?i)([?&](?:token|(?:access|auth|id|refresh|x-amz-security)[_-]?token|[^=&#\s]*secret|` +
	`password|passwd|api[_-]?key|[^=&#\s]*signature|sig|[^=&#\s]*credential)=)[^&#\s"]+`)

// redact replaces the token, in every form it may be written in, and the values of parameters named like secrets.
func (c *Client) redact(s string) string {
	if c.token != "" {
		for _, form := range []string{
			c.token, url.QueryEscape(c.token), url.PathEscape(c.token), base64.StdEncoding.EncodeToString([]byte(c.token)),
		} {
			s = strings.ReplaceAll(s, form, redacted)
		}
	}
	return secretParam.ReplaceAllString(s, "${1}"+redacted)
}
