package entra

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// delta answers a delta query: with what differs from what there was when the mark was given. Its first page is empty and
// leads on, as Graph's may be.
func (f *fake) delta(w http.ResponseWriter, r *http.Request, all []object) {
	q := r.URL.Query()
	now := map[string]string{}
	for _, o := range all {
		b, _ := json.Marshal(selected(r, o))
		now[o["id"].(string)] = string(b)
	}
	page := object{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#" + strings.Trim(r.URL.Path, "/"), "value": []object{}}
	link := func(name, token string) {
		q.Del("$deltatoken")
		q.Del("$skiptoken")
		q.Set(name, token)
		page["@odata."+map[string]string{"$deltatoken": "deltaLink", "$skiptoken": "nextLink"}[name]] = f.public + r.URL.Path + "?" + q.Encode()
	}
	mark, err := strconv.Atoi(q.Get("$deltatoken") + q.Get("$skiptoken"))
	switch {
	case q.Get("$deltatoken") == "latest":
	case err != nil || mark >= len(f.marks):
		refuse(w, 400, "Request_BadRequest", "Bad request. The deltaToken is not valid.")
		return
	case f.marks[mark] == nil:
		refuse(w, http.StatusGone, "SyncStateNotFound", "The sync state generation is not found; use a new one.")
		return
	case q.Has("$deltatoken"):
		link("$skiptoken", strconv.Itoa(mark))
		reply(w, 200, page)
		return
	default:
		page["value"] = differences(f.marks[mark], now)
	}
	f.marks = append(f.marks, now)
	link("$deltatoken", strconv.Itoa(len(f.marks)-1))
	reply(w, 200, page)
}

func differences(was, is map[string]string) []object {
	out := []object{}
	for id, o := range is {
		if was[id] != o {
			out = append(out, object{"id": id})
		}
	}
	for id := range was {
		if _, ok := is[id]; !ok {
			out = append(out, object{"id": id, "@removed": object{"reason": "changed"}})
		}
	}
	return out
}
