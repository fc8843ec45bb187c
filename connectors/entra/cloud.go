package entra

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// cloud is where one of Microsoft's clouds has Graph, and where it gives out tokens.
type cloud struct {
	graph, login string
	resource     string // Graph as those who give out tokens and those who refer to objects name it, wherever it is asked
}

const version = "/v1.0"

// clouds by name (learn.microsoft.com, "National cloud deployments").
var clouds = map[string]cloud{
	"global":     {login: "https://login.microsoftonline.com", resource: "https://graph.microsoft.com"},
	"us_gov":     {login: "https://login.microsoftonline.us", resource: "https://graph.microsoft.us"},
	"us_gov_dod": {login: "https://login.microsoftonline.us", resource: "https://dod-graph.microsoft.us"},
	"china":      {login: "https://login.chinacloudapi.cn", resource: "https://microsoftgraph.chinacloudapi.cn"},
}

// cloud is the one that is configured; its addresses may be others, where
// a proxy stands before it that rewrites links.
func (c *AppConfig) cloud() (cloud, error) {
	name := c.Cloud
	if name == "" {
		name = "global"
	}
	out, ok := clouds[name]
	if !ok {
		return out, fmt.Errorf("cloud %q is not known; want one of %s", c.Cloud, strings.Join(slices.Sorted(maps.Keys(clouds)), ", "))
	}
	out.graph = cmp.Or(strings.TrimRight(c.URL, "/"), out.resource+version)
	out.login = cmp.Or(strings.TrimRight(c.LoginURL, "/"), out.login)
	return out, nil
}
