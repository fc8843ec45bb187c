package scanner

import (
	"testing"

	"rollcall/connectors"
)

func TestClassify(t *testing.T) {
	type acc = connectors.Account
	recs := append(hardRoster(),
		rec("E0010500", "Jan", "Bot", "jan.bot", "2020-01-01", ""),
		rec("E0010501", "Maria", "Sales", "maria.sales", "2020-01-01", ""),
		rec("E0010502", "Rui", "Sá", "rui.sa", "2020-01-01", ""),
	)
	ps := joinPeople(recs, nil, matchDay)
	m := newMatcher(ps, matchSettings{Domains: []string{"heron.test"}, AsOf: matchDay,
		Rulings: []Ruling{{Because: "class", App: "app", Account: "ruled", Class: "shared"}}})
	for _, c := range []struct {
		name       string
		a          acc
		registered connectors.Class
		want       connectors.Class
	}{
		{"a ruling beats the register", acc{ID: "ruled", Class: connectors.Human}, connectors.Service, connectors.Shared},
		{"the register beats the label", acc{Class: connectors.Human}, connectors.Service, connectors.Service},
		{"the label", acc{Class: connectors.Guest, Username: "x"}, 0, connectors.Guest},
		{"svc-", acc{Username: "svc-backup", DisplayName: "Backup service"}, 0, connectors.Service},
		{"svc_, said to be human", acc{Class: connectors.Human, Username: "SVC_ETL"}, 0, connectors.Service},
		{"sa_", acc{Username: "sa_ldap_sync", DisplayName: "Ldap-sync service"}, 0, connectors.Service},
		{"-bot", acc{Username: "deploy-bot2", DisplayName: "Deploy bot"}, 0, connectors.Service},
		{"api.", acc{Username: "api.billing", DisplayName: "Billing service"}, 0, connectors.Service},
		{"no-reply", acc{Username: "x1", Email: "no-reply@heron.test"}, 0, connectors.Service},
		{"mailbox", acc{Username: "info", Email: "info@heron.test", DisplayName: "Info"}, 0, connectors.Shared},
		{"shared mailbox", acc{Username: "q7", DisplayName: "Shared press"}, 0, connectors.Shared},
		{"guest", acc{Username: "v.quell_partner.test#EXT#", DisplayName: "Vera Quell (Guest)"}, 0, connectors.Guest},
		{"break-glass called service", acc{Class: connectors.Service, Username: "breakglass-01", DisplayName: "Emergency access 1"}, 0, connectors.BreakGlass},
		{"break glass", acc{Username: "break_glass"}, 0, connectors.BreakGlass},

		{"surname Bot", acc{Username: "jan-bot", DisplayName: "Jan Bot"}, 0, connectors.Human},
		{"surname Sales", acc{Username: "sales", DisplayName: "Maria Sales"}, 0, connectors.Human},
		{"surname Sá", acc{Username: "sa.rui", DisplayName: "Rui Sá"}, 0, connectors.Human},
		{"a stranger called Bot", acc{Username: "piet-bot", DisplayName: "Piet Bottema"}, 0, connectors.Human},
		{"Abbott", acc{Username: "abbott", DisplayName: "Ivo Abbott"}, 0, connectors.Human},
		{"service in the address of somebody on the roster", acc{Username: "svc-jan", Email: "jan.bot@heron.test", DisplayName: "Jan"}, 0, connectors.Human},
		{"an employee id", acc{Username: "svc-x", EmployeeID: "E0010500"}, 0, connectors.Human},
		{"nothing", acc{Username: "jdoe"}, 0, connectors.Human},
	} {
		if got, why := m.classify("app", &c.a, c.registered); got != c.want || why == "" {
			t.Errorf("%s: %v (%s), want %v", c.name, got, why, c.want)
		}
	}
}
