package notify

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// hostile draws what somebody may have typed into a name: anything, and mostly what hurts.
func hostile() *rapid.Generator[string] {
	bad := rapid.SampledFrom([]string{"\r\n", "\n", "\r", "\x00", "\x1b[2J", "\x9b31m", "\u202e", "\u200b", "\u2028", "\u0085", "\u00a0", "Bcc: eve@evil.com", "\r\nBcc: eve@evil.com\r\n\r\n",
		"=?utf-8?q?=0D=0ABcc:_eve?=", "https://", "http://evil.com/x", "HTTP://", "www.", "evil.com", "evil.com/x", "evil。com", "evil．com", "bücher.de", "mailto:", "tel:+1", "ftp://a", "javascript:",
		"\n.\r\n", "2. CRITICAL, case c-666", "it goes:         rollcall cases keep c-1", "\xff", "\xc0\xaf", "a\u0301\u0301", "<a href='//evil.com'>", "Ann", "Müller", " ", ".", "@", "://", "10.0.0.1", strings.Repeat("x", 300)})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(bad, bad, rapid.String()), 0, 8).Draw(t, "parts"), "")
	})
}

// hostileCase is a case all of whose words are others'.
func hostileCase(t *rapid.T) *remediate.Case {
	h := func(label string) string { return hostile().Draw(t, label) }
	c := leaver(h("id"), scanner.Severity(rapid.IntRange(0, 4).Draw(t, "severity")))
	it := &c.Item
	it.Person, it.Why, it.Held = connectors.PersonID(h("person")), h("why"), h("held")
	it.TakesOver = []string{h("takes over")}
	it.Stops, it.Residual = []string{h("stops"), h("stops 2")}, []string{h("residual")}
	it.Targets = []remediate.Target{{App: connectors.AppID(h("app")), Account: connectors.AccountID(h("account")), Login: h("login")}}
	it.Actions = []remediate.Action{{Verb: remediate.Disable, App: it.Targets[0].App, Account: it.Targets[0].Account, Undo: remediate.Exact},
		{Verb: remediate.RemoveEntitlement, Entitlement: connectors.EntitlementID(h("entitlement"))}, {Verb: remediate.RevokeCredential, Credential: connectors.CredentialID(h("credential"))},
		{Verb: remediate.Ticket, Task: h("task")}}
	return c
}

var (
	link = regexp.MustCompile(`(?i)://|\bwww[.。．]|\bmailto:|\btel:`)
	site = regexp.MustCompile(`(?i)(^|[^@\w.\-])[\w-]+[.。．](com|de)\b($|[^\w@.\-])`)
	// ours are the beginnings of lines that the text itself writes.
	ours = regexp.MustCompile(`^(|[0-9]+ cases? waits? for an answer: .*|PEOPLE WHO LEFT, .*|OTHER CASES|and [0-9]+ more: rollcall cases list|[0-9]+\. (INFO|LOW|MEDIUM|HIGH|CRITICAL), case [0-9A-Za-z?-]*|` +
		`   (who|accounts|why|would be done|stops working|takes over|goes on working|asked, because|answer by|if nobody does|it goes|it stays): .*| {20}.*|Only the commands above .*|Answering this message .*)$`)
)

// Whatever names say, the text has our lines alone, no links and nothing that steers a terminal or hides.
func TestTextHoldsNamesInPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := New([]*remediate.Case{hostileCase(t), hostileCase(t)}, Options{Name: func(connectors.PersonID) string { return hostile().Draw(t, "name") }})
		text := d.Text(time.UTC)
		for line := range strings.SplitSeq(text, "\n") {
			if !ours.MatchString(line) {
				t.Fatalf("line %q is not ours", line)
			}
		}
		if at := link.FindString(text) + site.FindString(text); at != "" {
			t.Fatalf("a link %q in\n%s", at, text)
		}
		checkPlain(t, text)
		checkPlain(t, d.Subject(time.UTC))
		if n := strings.Count(text, "   it goes:  "); n != 2 {
			t.Fatalf("%d commands in\n%s", n, text)
		}
	})
}

func checkPlain(t *rapid.T, s string) {
	for _, r := range s {
		if r != '\n' && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029') {
			t.Fatalf("%U in %q", r, s)
		}
	}
}

// The same holds for every word of the JSON, for whoever prints it or posts it in a chat.
func TestJSONHoldsNamesInPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, err := New([]*remediate.Case{hostileCase(t)}, Options{}).JSON()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(b), "\n") != 1 {
			t.Fatalf("not one line: %q", b)
		}
		var d Digest
		if err := json.Unmarshal(b, &d); err != nil {
			t.Fatal(err)
		}
		for _, e := range append(d.Leavers, d.Others...) {
			for _, s := range append(append(append([]string{e.Case, e.Person, e.Who, e.Why, e.Asked}, e.Removal...), e.Stops...), append(e.TakesOver, e.Residual...)...) {
				checkPlain(t, s)
				if strings.Contains(s, "\n") {
					t.Fatalf("two lines: %q", s)
				}
			}
			checkPlain(t, e.Accounts[0].App+e.Accounts[0].ID+e.Accounts[0].Login)
		}
	})
}

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"Ann  Müller\n(E1)":               "Ann Müller<U+000A>(E1)",
		"see https://evil.example/x":      "see https[:]//evil.example/x",
		"evil.com, WWW.x.example":         "evil[.]com, WWW[.]x.example",
		"ben@kiln.com and ben.birch":      "ben@kiln.com and ben.birch",
		"mailto:ben@kiln.com":             "mailto[:]ben@kiln.com",
		"left on 2026-12-31 (15.5 days).": "left on 2026-12-31 (15.5 days).",
		"a\u202eb\x1b[1mc\xff":            "a<U+202E>b<U+001B>[1mc<FF>",
		"evil.com@ @evil.com evil.com@@x": "evil[.]com@ @evil[.]com evil[.]com@@x",
		"org:owner in code":               "org:owner in code",
		"x@evil.com/path":                 "x@evil[.]com/path",
		strings.Repeat("é", 500):          strings.Repeat("é", 400) + " …",
		"evil.company":                    "evil[.]company",
	} {
		if got := prose(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
