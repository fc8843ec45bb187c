package table

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func TestCredentialsAreJoined(t *testing.T) {
	f := AppFiles{
		Accounts: mem("a.csv", "id|user|mail|state", "1|a|a@x|active", "Ab|b|b@x|active", "3|c|c@x|what"),
		Credentials: mem("c.csv", "account|key|kind|made|used",
			"1|k2|token|2024-01-01|2026-02-02",
			"aB|k9||2024-05-05|2024-06-06", // can only mean Ab
			"1|k1|ssh|2024-02-02|2026-01-01",
			"1|k2|token|2023-01-01|2025-02-02", // the same key again
			"1|k2|ssh||",                       // another kind has ids of its own
			"3|k4|ssh||",
			"9|k5|ssh||",
			"1||ssh||",
			"1|k6|ssh|soon|",
		),
	}
	a, err := NewApp("app", "mem", "none", f, AppOptions{Common: Common{MaxRejected: limit(t, "1")}, Columns: accountColumns}, GrantOptions{},
		CredentialOptions{Columns: credentialColumns, MaxRejected: limit(t, "4")}, connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	got, trace, err := connectortest.Accounts(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, acc := range got {
		for _, c := range acc.Credentials {
			keys = append(keys, fmt.Sprint(acc.ID, " ", c))
		}
	}
	wantLines(t, "credentials", keys, "1 {k1 ssh 2024-02-02 2026-01-01}", "1 {k2 ssh unknown unknown}", "1 {k2 token 2023-01-01 2026-02-02}",
		"Ab {k9  2024-05-05 2024-06-06}")
	wantLines(t, "rejects", rejects(trace),
		"c.csv:9: the account or the credential is blank",
		`c.csv:10: made: "soon" is no date as declared (YYYY-MM-DD, YYYY-MM-DDThh:mm:ssZ): correct dates, or list it in no_date if it means none`,
		`a.csv:4: state: "what" is no word known here: add it to [app.status] enabled or disabled`,
		`c.csv:7: account "3" was itself rejected in a.csv`,
		`c.csv:8: account "9" is not in a.csv`,
	)
	if !trace.Ended(connectors.Accounts, connectors.Credentials) {
		t.Errorf("ends: %v", trace.Ends)
	}
	if len(trace.Notes) != 1 || trace.Notes[0].Collection != connectors.Credentials || !strings.HasPrefix(trace.Notes[0].Text, "1 credentials stood twice") {
		t.Errorf("notes: %v", trace.Notes)
	}
}

func TestCredentialConfigurationErrors(t *testing.T) {
	keys := mem("c", "account|key")
	for _, c := range []struct {
		file File
		o    CredentialOptions
		says string
	}{
		{nil, CredentialOptions{Columns: credentialColumns}, "[app.credentials]: columns are named, and no file"},
		{keys, CredentialOptions{Columns: CredentialColumns{Kind: "kind"}}, "[app.credentials.columns] account, id: not set"},
		{keys, CredentialOptions{Columns: credentialColumns, Dates: []string{"DD.MM.YY"}}, "credentials: dates"},
	} {
		_, err := NewApp("crm", "mem", "none", AppFiles{Accounts: mem("a"), Credentials: c.file}, AppOptions{Columns: accountColumns}, GrantOptions{}, c.o, connectors.Env{})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), `app "crm": `) {
			t.Errorf("error %v; want one that says %q", err, c.says)
		}
	}
}

// A credential file that names nobody known is partial, as an entitlement file would be.
func TestTooManyStrangeCredentialsMakeThePullPartial(t *testing.T) {
	f := AppFiles{Accounts: mem("a.csv", "id|user|mail|state", "1|a|a@x|active"), Credentials: mem("c.csv", "account|key|kind|made|used", "7|k|||", "8|k|||")}
	a, err := NewApp("app", "mem", "none", f, AppOptions{Columns: accountColumns}, GrantOptions{}, CredentialOptions{Columns: credentialColumns}, connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	_, trace, err := connectortest.Accounts(context.Background(), a)
	if err == nil || !strings.Contains(err.Error(), "c.csv: 2 of 2 rows were rejected") || len(trace.Ends) != 0 {
		t.Errorf("error %v, ends %v", err, trace.Ends)
	}
}
