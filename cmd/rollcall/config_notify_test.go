package main

import (
	"fmt"
	"strings"
	"testing"
)

// Every mistake in [notify] is told with its line, all at once, and none quotes what may be a secret.
func TestNotifySection(t *testing.T) {
	for section, want := range map[string][]string{
		"[notify]\nwebhook = \"https://hooks.example.com/x\"\nsecret = \"env:S\"\n[notify.mail]\nserver = \"smtps://mail.example.com\"\nfrom = \"rollcall <r@example.com>\"\nto = [\"it@example.com\"]\nuser = \"env:U\"\npassword = \"env:P\"\n": nil,
		"[notify.mail]\nserver = \"127.0.0.1:25\"\nfrom = \"r@example.com\"\nplain = true\n":                                                                        nil,
		"[notify]\nwebhook = \"http://hooks.example.com/telltale\"\nsecret = \"opensesame\"\n":                                                                      {"2: [notify] webhook: http:// would send", "3: [notify] secret: a secret is written out"},
		"[notify]\nwebhook = \"https://u:telltale@hooks.example.com\"\n":                                                                                            {"2: [notify] webhook has no secret", "2: [notify] webhook: the address holds a name or password"},
		"[notify]\nsecret = \"env:S\"\n":                                                                                                                            {"2: [notify] secret is of use only to a webhook"},
		"[notify]\nweb_hook = \"\"\n":                                                                                                                               {`2: unknown key "web_hook"; did you mean "webhook"?`},
		"[notify.mail]\n":                                                                                                                                           {"1: [notify.mail] has no from", "1: [notify.mail] has no server"},
		"[notify.mail]\nserver = \"mail.example.com:mail\"\nfrom = \"rollcall\"\nto = [\"it@example.com\",\n\"x\"]\n":                                               {"2: [notify.mail] server \"mail.example.com:mail\": want host and port", "3: [notify.mail] from: \"rollcall\" is no mail address", "4: [notify.mail] to: \"x\" is no mail address"},
		"[notify.mail]\nserver = \"mail.example.com\"\nfrom = \"r@example.com\"\nto = []\nuser = \"u\"\n":                                                           {"4: [notify.mail] to names nobody", "5: [notify.mail] user has no password"},
		"[notify.mail]\nserver = \"mail.example.com\"\nfrom = \"r@example.com\"\npassword = \"opensesame\"\n":                                                       {"4: [notify.mail] password has no user"},
		"[notify.mail]\nserver = \"mail.example.com\"\nfrom = \"r@example.com\"\nuser = \"u\"\npassword = \"opensesame\"\n":                                         {"5: [notify.mail] password: a secret is written out"},
		"[notify.mail]\nserver = \"mail.example.com\"\nfrom = \"r@example.com\"\nuser = \"u\"\npassword = \"env:P\"\nplain = true\n":                                {"6: [notify.mail] plain = true lets mail go without TLS"},
		"[notify.mail]\nserver = \"mail.example.com\"\nfrom = \"r@example.com\"\nto = \"it@example.com\"\n":                                                         {"4: to: want a list in [ ]"},
		"[notify.mail]\nserver = \"mail.example.com\"\nfrom = \"r@example.com\"\nto = [\"it@example.com>\\r\\nRCPT TO:<eve@evil.com\"]\nplain = true\n# opensesame": {"4: [notify.mail] to: \"it@example.com><U+000D><U+000A>RCPT TO:<eve@evil.com\" is no mail address"},
	} {
		p := appended(t, section)
		_, err := p.config()
		if len(want) == 0 {
			if err != nil {
				t.Errorf("%s\n%v", section, err)
			}
			continue
		}
		got := fmt.Sprint(err)
		first := strings.Count(string(mustRead(t, p.configPath)), "\n") - strings.Count(section, "\n") // lines before the section
		lines := strings.Split(strings.TrimPrefix(got, "config: "), "\n")
		if len(lines) != len(want) || strings.Contains(got, "opensesame") || strings.Contains(got, "telltale") {
			t.Errorf("%s\n%s\nwant %q", section, got, want)
			continue
		}
		for i, w := range want {
			var n int
			fmt.Sscanf(w, "%d", &n)
			if _, text, _ := strings.Cut(w, ": "); !strings.HasPrefix(lines[i], fmt.Sprintf("%s:%d: %s", p.configPath, first+n, text)) {
				t.Errorf("%s\n%s\nwant %q", section, lines[i], w)
			}
		}
	}
}
