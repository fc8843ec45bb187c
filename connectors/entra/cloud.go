package entra

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// cloud is where one of Microsoft's clouds has Graph, and where it gives out tokens.
type cloud struct{ graph, login string }

// clouds by name (learn.microsoft.com, "National cloud deployments").
var clouds = map[string]cloud{
	"global":     {"https://graph.microsoft.com/v1.0", "https://login.microsoftonline.com"},
	"us_gov":     {"https://graph.microsoft.us/v1.0", "https://login.microsoftonline.us"},
	"us_gov_dod": {"https://dod-graph.microsoft.us/v1.0", "https://login.microsoftonline.us"},
	"china":      {"https://microsoftgraph.chinacloudapi.cn/v1.0", "https://login.chinacloudapi.cn"},
}

// cloud is the one that is configured; its addresses may be others, where a proxy stands before it.
func (c *AppConfig) cloud() (cloud, error) {
	name := c.Cloud
	if name == "" {
		name = "global"
	}
	out, ok := clouds[name]
	if !ok {
		return out, fmt.Errorf("cloud %q is not known; want one of %s", c.Cloud, strings.Join(slices.Sorted(maps.Keys(clouds)), ", "))
	}
	if c.URL != "" {
		out.graph = strings.TrimRight(c.URL, "/")
	}
	if c.LoginURL != "" {
		out.login = strings.TrimRight(c.LoginURL, "/")
	}
	return out, nil
}
