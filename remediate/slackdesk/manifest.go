package slackdesk

import (
	"encoding/json"
	"strings"
)

// scopes are what the bot may do, and no more: it reads no messages.
var scopes = []string{"chat:write", "commands", "groups:read", "im:write", "users:read", "users:read.email"}

// Manifest is what a new Slack app is made from (api.slack.com/apps, "From a manifest"), as JSON. With an address, Slack sends
// interactions there by HTTP; without one, over Socket Mode.
func Manifest(command, address string) string {
	if command == "" {
		command = "/rollcall"
	}
	slash := map[string]any{"command": command, "description": "Access that waits for your decision", "usage_hint": "pending | scan [app] | offboard @person | status | deputy @person FROM TO", "should_escape": true}
	interactivity := map[string]any{"is_enabled": true} // also with Socket Mode: only the address is not needed there
	if address != "" {
		slash["url"], interactivity["request_url"] = address, address
	}
	m := map[string]any{
		"display_information": map[string]any{"name": "rollcall", "description": "Access reviews: remove or keep, decided by the right person"},
		"features": map[string]any{
			"bot_user":       map[string]any{"display_name": "rollcall", "always_online": false},
			"slash_commands": []any{slash},
		},
		"oauth_config": map[string]any{"scopes": map[string]any{"bot": scopes}},
		"settings": map[string]any{"interactivity": interactivity, "socket_mode_enabled": address == "", "org_deploy_enabled": false,
			"token_rotation_enabled": false},
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		panic(err) // strings and booleans alone
	}
	return b.String()
}
