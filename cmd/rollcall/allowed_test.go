package main

import (
	"bytes"
	"cmp"
	"encoding"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"rollcall/connectors/all"
	"rollcall/remediate"
	"rollcall/scanner"
)

// How a change of a key is held against what was allowed.
const (
	looser = "looser" // the second value is looser than the first, and the first is not looser than the second
	either = "either" // each is another than was allowed
	never  = "never"  // no change of it matters: a reason stands in harmless
)

type list = []any
type tab = map[string]any

// changes has for every key of the configuration and of the policy two values, nil for none, and how the change counts. A key
// without a line here fails TestEveryKeyIsThoughtOf: somebody has to say what a change of it lets follow, hides or redirects.
var changes = map[string]struct {
	was, is any
	counts  string
}{
	"as_of":                          {nil, "2026-12-01", either},
	"time_zone":                      {"UTC", "Europe/Berlin", either},
	"state":                          {"state", "elsewhere", never},
	"company_domains":                {list{"kiln.example"}, list{"kiln.example", "other.example"}, either},
	"policy":                         {"policy.toml", "again.toml", never},
	"workers":                        {int64(1), int64(2), never},
	"evidence.encrypt_to":            {nil, list{"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}, either},
	"evidence.keep_at_least":         {"400d", "30d", looser},
	"evidence.keep_at_most":          {nil, "500d", looser},
	"witness.file":                   {"heads.jsonl", nil, either},
	"witness.webhook":                {"https://audit.example/a", "https://audit.example/b", either},
	"witness.command":                {"tell auditor", "true", either},
	"notify.webhook":                 {"https://hooks.example/a", "https://elsewhere.example/a", either},
	"notify.secret":                  {"env:A", "env:B", either},
	"notify.mail.server":             {"mail.example:587", "other.example:587", either},
	"notify.mail.from":               {"a@kiln.example", "b@kiln.example", either},
	"notify.mail.to":                 {list{"a@kiln.example"}, list{"b@kiln.example"}, either},
	"notify.mail.user":               {"a", "b", either},
	"notify.mail.password":           {"env:A", "env:B", either},
	"notify.mail.plain":              {nil, true, either},
	"slack.bot_token":                {"env:A", "env:B", either},
	"slack.app_token":                {"env:A", "env:B", either},
	"slack.signing_secret":           {"env:A", "env:B", either},
	"slack.channel":                  {"G1", "G2", either},
	"slack.command":                  {"/a", "/b", never},
	"slack.admins":                   {nil, list{"E01"}, looser},
	"slack.may_scan":                 {nil, list{"E01"}, looser},
	"slack.may_offboard":             {nil, list{"E01"}, looser},
	"slack.unbound_by_email":         {nil, true, looser},
	"slack.quiet_hours":              {"", "20:00-07:00", never},
	"slack.weekend":                  {nil, list{"friday"}, never},
	"slack.holidays":                 {nil, list{"2026-12-25"}, never},
	"slack.remind_after":             {nil, list{"30h"}, never},
	"slack.escalate_after":           {nil, "99h", never},
	"privacy.pseudonym_key":          {"file:a.key", "file:b.key", either},
	"privacy.pseudonymous":           {nil, true, either},  // who is shown whom, and what reports still show
	"privacy.sign_in_times":          {nil, false, either}, // hides findings the one way, and shows what was agreed not to be the other
	"sign.key":                       {"file:a.p12", "file:b.p12", either},
	"sign.certificate":               {"a.crt", "b.crt", either},
	"sign.password":                  {"env:A", "env:B", either},
	"sign.timestamp":                 {"https://a.example/tsr", "https://b.example/tsr", either},
	"sign.purpose":                   {"a", "b", never},
	"remediate.per_run":              {int64(10), int64(11), looser},
	"remediate.per_day":              {int64(20), int64(21), looser},
	"remediate.app_percent":          {"5%", "6%", looser},
	"remediate.app_at_least":         {int64(3), int64(4), looser},
	"remediate.min_admins":           {int64(2), int64(1), looser},
	"remediate.warm_up":              {int64(3), int64(2), looser},
	"remediate.shadow":               {int64(10), int64(9), looser},
	"remediate.max_age":              {"26h", "27h", looser},
	"remediate.answer":               {"5d", "4d", looser},
	"remediate.revoke_within":        {"1d", nil, looser},
	"remediate.revoke_at_once":       {list{"Finance", "IT"}, list{"IT"}, looser},
	"remediate.longest_keep":         {"365d", "0d", looser}, // which is without a bound
	"remediate.protected":            {list{"crm/a", "crm/b"}, list{"crm/b"}, looser},
	"remediate.legal_hold":           {list{"E01"}, nil, looser},
	"remediate.approvers":            {list{"E01"}, list{"E01", "E02"}, looser},
	"remediate.retention":            {nil, "90d", looser},
	"remediate.after_retention":      {"archive", "delete", looser},
	"identities.uid":                 {tab{"1001": "E01"}, tab{"1001": "E02"}, either},
	"serve.group":                    {"rollcall", "users", either},
	"serve.listen":                   {"127.0.0.1:9464", "0.0.0.0:9464", either},
	"serve.watch":                    {"10m", nil, looser},
	"serve.hook":                     {"env:A", "env:B", either},
	"serve.traces":                   {nil, "http://127.0.0.1:4318", either},
	"act.socket":                     {"/run/a/act.sock", "/run/b/act.sock", either},
	"act.reader":                     {"a", "b", either},
	"act.per_day":                    {int64(10), int64(20), either},
	"schedule.apps":                  {nil, list{"crm"}, either},
	"schedule.rules":                 {nil, list{"stale_account"}, either},
	"schedule.people":                {nil, list{"Sales*"}, either},
	"serve.watch_apps":               {nil, "10m", either},
	"serve.stop_within":              {"1m", "2m", never},
	"schedule.name":                  {"nightly", "daily", either},
	"schedule.cron":                  {"15 2 * * *", "15 2 29 2 *", either},
	"schedule.time_zone":             {"UTC", "Europe/Berlin", either},
	"schedule.mode":                  {"settle", "scan", either},
	"roster.kind":                    {"csv", "xlsx", either},
	"roster.guard.max_shrink":        {"5%", "50%", looser},
	"roster.guard.min_shrink":        {int64(3), int64(4), looser},
	"roster.guard.max_blank":         {"5%", "50%", looser},
	"app.id":                         {"crm", "erp", either}, // one goes, and one comes
	"app.title":                      {"a", "b", never},
	"app.owner":                      {nil, "E01", looser},
	"app.kind":                       {"csv", "xlsx", either},
	"app.suspend_on_leave":           {nil, false, either},
	"app.single_sign_on":             {true, nil, either},
	"app.privileged":                 {list{"admin"}, nil, looser},
	"app.assigns":                    {nil, list{"app-*"}, either},
	"app.write":                      {nil, true, looser},
	"app.canary":                     {list{"a", "b"}, list{"a"}, looser},
	"policy.presets":                 {nil, list{"soc2"}, either},
	"policy.rules.enabled":           {nil, false, either},
	"policy.rules.after":             {"90d", "900d", either},
	"policy.rules.grace":             {nil, "900d", either},
	"policy.rules.severity":          {"high", "low", either},
	"policy.rules.require_mfa":       {nil, true, either},
	"policy.rules.mode":              {"ask", "auto", looser},
	"policy.app.rules.enabled":       {nil, false, either},
	"policy.app.rules.after":         {"90d", "900d", either},
	"policy.app.rules.grace":         {nil, "900d", either},
	"policy.app.rules.severity":      {"high", "low", either},
	"policy.app.rules.require_mfa":   {nil, true, either},
	"policy.app.rules.mode":          {"report", "ask", looser},
	"policy.birthright.allow":        {nil, tab{"crm": list{"reader"}}, looser},
	"policy.birthright.must":         {nil, tab{"crm": list{"reader"}}, either}, // it explains more, and without it less is looked for
	"policy.roles.allow":             {nil, tab{"crm": list{"*"}}, looser},
	"policy.roles.must":              {nil, tab{"crm": list{"reader"}}, either},
	"policy.sod.id":                  {"a", "b", either},
	"policy.sod.name":                {"a", "b", never},
	"policy.sod.severity":            {"high", "low", either},
	"policy.sod.a.app":               {"crm", "dir", either},
	"policy.sod.a.entitlement":       {"pay", "pays", either},
	"policy.sod.b.app":               {"crm", "dir", either},
	"policy.sod.b.entitlement":       {"approve", "approves", either},
	"policy.service_account.app":     {"crm", "dir", either},
	"policy.service_account.account": {"svc-*", "*", either},
	"policy.service_account.owner":   {"E01", "E02", either},
	"policy.service_account.class":   {"service", "shared", either},
	"policy.service_account.purpose": {"a", "b", never},
	"policy.service_account.review":  {nil, "2030-01-01", either},
	"policy.exception.id":            {"a", "b", either},
	"policy.exception.kind":          {"stale_account", "orphaned_account", either},
	"policy.exception.app":           {"crm", "dir", either},
	"policy.exception.account":       {"a", "b", either},
	"policy.exception.entitlement":   {"a", "b", either},
	"policy.exception.person":        {"E01", "E02", either},
	"policy.exception.reason":        {"a", "b", never},
	"policy.exception.owner":         {"E01", "E02", either},
	"policy.exception.expires":       {"2027-06-01", "2027-07-01", either},
}

// needs are the other keys that some key makes no sense without.
var needs = map[string]tab{
	"notify.webhook":            {"notify.secret": "env:A"},
	"notify.secret":             {"notify.webhook": "https://hooks.example/a"},
	"sign.certificate":          {"sign.key": "file:a.key"},
	"sign.password":             {"sign.key": "file:a.p12"},
	"sign.timestamp":            {"sign.key": "file:a.p12"},
	"sign.purpose":              {"sign.key": "file:a.p12"},
	"slack.app_token":           {"slack.signing_secret": nil},
	"slack.signing_secret":      {"slack.app_token": nil},
	"remediate.revoke_at_once":  {"remediate.revoke_within": "1d"},
	"remediate.after_retention": {"remediate.retention": "90d"},
	"serve.hook":                {"serve.listen": "127.0.0.1:9464"},
	"privacy.pseudonymous":      {"privacy.pseudonym_key": "env:A"},
	"notify.mail.user":          {"notify.mail.password": "env:A"},
	"notify.mail.password":      {"notify.mail.user": "a"},
	"app.write":                 {"app.kind": "scim", "app.url": "https://crm.example", "app.token": "env:A", "app.file": nil, "app.columns": nil},
}

// base is a configuration and a policy in which a key makes sense.
func base(key string) (config, policy tab) {
	config = tab{"state": "state", "policy": "policy.toml",
		"roster": tab{"kind": "csv", "file": "people.csv", "columns": tab{"id": "id", "first_name": "first", "last_name": "last", "status": "status"}},
		"app": []map[string]any{
			{"id": "crm", "kind": "csv", "file": "crm.csv", "columns": tab{"id": "id"}},
			{"id": "dir", "kind": "csv", "file": "dir.csv", "columns": tab{"id": "id"}}}}
	switch first, _, _ := strings.Cut(key, "."); first {
	case "slack":
		config["slack"] = tab{"bot_token": "env:B", "app_token": "env:A", "channel": "G1", "quiet_hours": ""}
	case "act":
		config["act"] = tab{"socket": "/run/rollcall-act/act.sock", "reader": "rollcall"}
	case "schedule":
		config["schedule"] = []map[string]any{{"name": "nightly", "cron": "15 2 * * *", "mode": "settle"}}
	case "notify":
		if strings.HasPrefix(key, "notify.mail") {
			config["notify"] = tab{"mail": tab{"server": "mail.example:587", "from": "a@kiln.example"}}
		}
	}
	policy = tab{}
	switch {
	case strings.HasPrefix(key, "policy.sod"):
		policy["sod"] = []map[string]any{{"id": "a", "a": tab{"app": "crm", "entitlement": "pay"}, "b": tab{"app": "dir", "entitlement": "approve"}}}
	case strings.HasPrefix(key, "policy.service_account"):
		policy["service_account"] = []map[string]any{{"app": "crm", "account": "svc-*", "owner": "E01", "class": "service"}}
	case strings.HasPrefix(key, "policy.exception"):
		policy["exception"] = []map[string]any{{"id": "a", "kind": "stale_account", "app": "crm", "reason": "r", "owner": "E01", "expires": "2027-06-01"}}
	}
	return config, policy
}

// set puts a value under a key: in the first of several tables, in the app crm, in the role ENG, in a rule that takes it.
func set(config, policy tab, key string, value any) {
	at, path := config, strings.Split(key, ".")
	if len(path) > 1 && path[0] == "policy" {
		at, path = policy, path[1:]
	}
	var names []string
	for i, name := range path {
		names = append(names, name)
		switch {
		case i == len(path)-1:
		case name == "rules":
			rule := map[string]string{"grace": "leave_not_suspended", "require_mfa": "weak_sign_in"}[path[len(path)-1]]
			names = append(names, cmp.Or(rule, "stale_account"))
		case name == "roles":
			names = append(names, "ENG")
		case name == "app" && i == 0 && len(path) > 2 && path[1] == "rules":
			names = append(names, "crm")
		}
	}
	for _, name := range names[:len(names)-1] {
		if tables, ok := at[name].([]map[string]any); ok {
			at = tables[0]
			continue
		}
		if at[name] == nil {
			at[name] = tab{}
		}
		at = at[name].(tab)
	}
	if at[names[len(names)-1]] = value; value == nil {
		delete(at, names[len(names)-1])
	}
}

// allowedBy is what is allowed where a key has a value.
func allowedBy(t *testing.T, key string, value any) *remediate.Allowed {
	t.Helper()
	config, policy := base(key)
	for _, other := range sortedKeys(needs[key]) {
		set(config, policy, other, needs[key][other])
	}
	set(config, policy, key, value)
	dir := t.TempDir()
	c, err := loadConfigWith(filepath.Join(dir, "rollcall.toml"), func(path string) ([]byte, error) {
		var b bytes.Buffer
		tree := config
		if filepath.Base(path) != "rollcall.toml" {
			tree = policy
		}
		err := toml.NewEncoder(&b).Encode(tree)
		return b.Bytes(), err
	}, scriptNow, func(string) ([]byte, error) { return []byte("secret"), nil })
	if err != nil {
		t.Fatalf("%s = %v: %v", key, value, err)
	}
	return c.allows()
}

func TestWhatAChangeOfEachKeyCounts(t *testing.T) {
	for _, key := range sortedKeys(changes) {
		x := changes[key]
		was, is := allowedBy(t, key, x.was), allowedBy(t, key, x.is)
		there, back := is.Looser(was), was.Looser(is)
		got := never
		switch {
		case there != nil && back != nil:
			got = either
		case there != nil:
			got = looser
		case back != nil:
			got = "tighter"
		}
		if got != x.counts {
			t.Errorf("%s from %v to %v is %s, want %s: %q, and back %q", key, x.was, x.is, got, x.counts, there, back)
		}
		if (got == never) != (was.Hash() == is.Hash()) {
			t.Errorf("%s: the hash says otherwise", key)
		}
	}
}

// keysOf are the keys that a type takes, tables in it included; of a table with free names those of its values.
func keysOf(path string, of reflect.Type) (keys []string) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	leaf := reflect.PointerTo(of).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	switch {
	case !leaf && of.Kind() == reflect.Struct:
		for name, field := range tomlFields(of) {
			keys = append(keys, keysOf(joinPath(path, name), field)...)
		}
		return keys
	case !leaf && (of.Kind() == reflect.Map || of.Kind() == reflect.Slice):
		for elem := of.Elem(); ; elem = elem.Elem() {
			switch {
			case elem.Kind() == reflect.Struct && !reflect.PointerTo(elem).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
				return keysOf(path, elem)
			case elem.Kind() != reflect.Map && elem.Kind() != reflect.Slice:
				return []string{path}
			}
		}
	}
	return []string{path}
}

// A key that is new in the configuration or in the policy needs a line in changes.
func TestEveryKeyIsThoughtOf(t *testing.T) {
	keys := slices.Concat(keysOf("", reflect.TypeFor[configFile]()), keysOf("roster", reflect.TypeFor[rosterCommon]()), keysOf("app", reflect.TypeFor[appCommon]()),
		keysOf("policy", reflect.TypeFor[scanner.Policy]()))
	keys = slices.DeleteFunc(keys, func(k string) bool { return k == "roster" || k == "app" }) // whose keys are those of their kind
	for _, k := range keys {
		if _, thought := changes[k]; !thought {
			t.Errorf("nobody said how a change of %s counts: put it into changes; any change of it takes a second person until then", k)
		}
	}
	for _, k := range sortedKeys(changes) {
		if !slices.Contains(keys, k) {
			t.Errorf("there is no key %s any more", k)
		}
	}
	for k, why := range harmless {
		if why == "" {
			t.Errorf("%s is harmless, and nobody says why", k)
		}
	}
}

// Of the keys that each kind of source has for itself any change counts: another address, file, filter or column shows other
// people. A key of a kind that is called like one of every app's must not slip through.
func TestKeysOfKindsCount(t *testing.T) {
	kinds := map[string]map[string]reflect.Type{"roster": {}, "app": {}}
	for name, open := range all.Rosters {
		kinds["roster"][name] = reflect.TypeOf(open()).Elem()
	}
	for name, open := range all.Apps {
		kinds["app"][name] = reflect.TypeOf(open()).Elem()
	}
	for of, types := range kinds {
		for kind, typ := range types {
			for name := range tomlFields(typ) {
				key := []string{of, name}
				if of == "app" {
					key = []string{of, "x", name}
				}
				if (among(judged, key) || among(harmless, key)) && name != "page_size" {
					t.Errorf("a change of %s %s %s would not count", of, kind, name)
				}
			}
		}
	}
}

// What is recorded and shown of an address is its host: the rest may be a secret. Another path is another address all the same.
func TestAllowedHoldsNoSecretPath(t *testing.T) {
	a, b := allowedBy(t, "notify.webhook", "https://hooks.example/services/T0SECRET?k=v"), allowedBy(t, "notify.webhook", "https://hooks.example/services/T1SECRET?k=v")
	said := fmt.Sprint(a.Looser(b), a.Settings)
	if strings.Contains(said, "SECRET") || strings.Contains(said, "k=v") || !strings.Contains(said, "https://hooks.example/…") || a.Looser(b) == nil {
		t.Error(said)
	}
}
