package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type answer map[string]any

func no(word string) answer { return answer{"ok": false, "error": word} }

// serveAPI answers a call of the Web API.
func (f *Fake) serveAPI(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	body, _ := io.ReadAll(r.Body)
	args, _ := url.ParseQuery(string(body))
	token := args.Get("token")
	if token == "" {
		token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	f.mu.Lock()
	f.calls[method]++
	var fail Failure
	if list := f.failures[method]; len(list) > 0 {
		fail, f.failures[method] = list[0], list[1:]
	}
	want := f.BotToken
	if method == "apps.connections.open" {
		want = f.AppToken
	}
	var a answer
	switch {
	case fail.RetryAfter > 0, fail.Status > 0:
	case token != want:
		a = no("invalid_auth")
	case fail.Error != "":
		a = no(fail.Error)
	default:
		a = f.call(method, args, body)
	}
	scopes := f.scopes
	f.mu.Unlock()
	switch {
	case fail.Lost:
		panic(http.ErrAbortHandler)
	case fail.RetryAfter > 0:
		w.Header().Set("Retry-After", fmt.Sprint(fail.RetryAfter))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case fail.Status > 0:
		w.WriteHeader(fail.Status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-OAuth-Scopes", scopes)
	json.NewEncoder(w).Encode(a)
}

func (f *Fake) call(method string, args url.Values, body []byte) answer {
	switch method {
	case "auth.test":
		return answer{"ok": true, "team": "Company", "team_id": f.TeamID, "user_id": "U0BOT", "bot_id": "B0BOT"}
	case "bots.info":
		return answer{"ok": true, "bot": answer{"id": "B0BOT", "app_id": f.AppID}}
	case "users.info":
		return f.user(f.users[args.Get("user")], "user_not_found")
	case "users.lookupByEmail":
		for _, u := range f.users {
			if strings.EqualFold(u.Email, args.Get("email")) && !u.Deleted { // a deactivated one is as if it had never been
				return f.user(u, "")
			}
		}
		return no("users_not_found")
	case "conversations.open":
		return answer{"ok": true, "channel": answer{"id": room(args.Get("users"))}}
	case "conversations.info":
		c := f.channels[args.Get("channel")]
		if c == nil {
			return no("channel_not_found")
		}
		return answer{"ok": true, "channel": answer{"id": c.ID, "name": c.Name, "is_private": c.Private, "is_ext_shared": c.ExtShared, "is_org_shared": c.OrgShared,
			"is_shared": c.ExtShared || c.OrgShared, "is_archived": c.Archived, "is_member": !c.NotMember}}
	case "chat.postMessage":
		return f.post(args)
	case "chat.update":
		return f.update(args)
	case "chat.postEphemeral":
		if bad := invalid(json.RawMessage(args.Get("blocks"))); bad != "" {
			return answer{"ok": false, "error": "invalid_blocks", "detail": bad}
		}
		f.ephemerals = append(f.ephemerals, Ephemeral{args.Get("channel"), args.Get("user"), json.RawMessage(args.Get("blocks"))})
		return answer{"ok": true, "message_ts": f.ts()}
	case "views.open":
		return f.open(body)
	case "apps.connections.open":
		return answer{"ok": true, "url": f.socket.ticket(f.server.URL)}
	}
	return no("unknown_method")
}

func (f *Fake) user(u *User, missing string) answer {
	if u == nil {
		return no(missing)
	}
	return answer{"ok": true, "user": answer{"id": u.ID, "team_id": u.Team, "real_name": u.Name, "deleted": u.Deleted, "is_bot": u.Bot, "is_restricted": u.Restricted,
		"is_ultra_restricted": u.UltraRestricted, "is_stranger": u.Stranger, "tz": u.Zone, "profile": answer{"email": u.Email}}}
}

func (f *Fake) ts() string {
	f.serial++
	return fmt.Sprintf("%d.%06d", 1700000000+f.serial/1000000, f.serial%1000000)
}

func (f *Fake) post(args url.Values) answer {
	blocks := json.RawMessage(args.Get("blocks"))
	if bad := invalid(blocks); bad != "" {
		f.t.Errorf("chat.postMessage: Slack would refuse these blocks: %s", bad)
		return no("invalid_blocks")
	}
	m := &Message{Channel: args.Get("channel"), TS: f.ts(), Thread: args.Get("thread_ts"), Text: args.Get("text"), Blocks: blocks}
	f.messages = append(f.messages, m)
	return answer{"ok": true, "channel": m.Channel, "ts": m.TS}
}

func (f *Fake) update(args url.Values) answer {
	blocks := json.RawMessage(args.Get("blocks"))
	if bad := invalid(blocks); bad != "" {
		f.t.Errorf("chat.update: Slack would refuse these blocks: %s", bad)
		return no("invalid_blocks")
	}
	for _, m := range f.messages {
		if m.Channel != args.Get("channel") || m.TS != args.Get("ts") {
			continue
		}
		switch {
		case m.Gone:
			return no("message_not_found")
		case m.Closed:
			return no("edit_window_closed")
		}
		m.Text, m.Blocks = args.Get("text"), blocks
		m.Updates++
		return answer{"ok": true, "channel": m.Channel, "ts": m.TS}
	}
	return no("message_not_found")
}

// open opens a form: what Slack gave for it is good for three seconds, once.
func (f *Fake) open(body []byte) answer {
	var req struct {
		Trigger string          `json:"trigger_id"`
		View    json.RawMessage `json:"view"`
	}
	if err := json.Unmarshal(body, &req); err != nil {
		return no("invalid_arguments")
	}
	t, ok := f.triggers[req.Trigger]
	switch {
	case !ok:
		return no("exchanged_trigger_id")
	case f.now().Sub(t.at) > 3*time.Second:
		return no("expired_trigger_id")
	}
	delete(f.triggers, req.Trigger)
	if bad := invalidView(req.View); bad != "" {
		f.t.Errorf("views.open: Slack would refuse this form: %s", bad)
		return no("invalid_blocks")
	}
	f.serial++
	v := View{ID: fmt.Sprintf("V%06d", f.serial), User: t.user, Body: req.View}
	f.views = append(f.views, v)
	return answer{"ok": true, "view": answer{"id": v.ID}}
}
