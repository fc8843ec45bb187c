package scannertest

import (
	"slices"
	"strconv"

	"rollcall/connectors"
	"rollcall/scanner"
)

// job is a role of the company; titles are its steps, so that a promotion keeps the role.
type job struct {
	role, department string
	titles           [2]string
}

var jobs = []job{
	{"eng-developer", "Engineering", [2]string{"Developer", "Senior Developer"}},
	{"eng-platform", "Engineering", [2]string{"Platform Engineer", "Senior Platform Engineer"}},
	{"eng-data", "Engineering", [2]string{"Data Analyst", "Senior Data Analyst"}},
	{"sales-rep", "Sales", [2]string{"Sales Representative", "Key Account Manager"}},
	{"sales-desk", "Sales", [2]string{"Pricing Analyst", "Head of Pricing"}},
	{"support-agent", "Support", [2]string{"Support Agent", "Support Lead"}},
	{"fin-clerk", "Finance", [2]string{"Accounts Clerk", "Senior Accounts Clerk"}},
	{"fin-controller", "Finance", [2]string{"Controller", "Head of Control"}},
	{"hr-partner", "People", [2]string{"HR Partner", "Senior HR Partner"}},
	{"it-admin", "IT", [2]string{"Administrator", "Senior Administrator"}},
	{"ops-planner", "Operations", [2]string{"Planner", "Senior Planner"}},
}

// right is an entitlement and the roles that explain it; none means that everybody may have it.
type right struct {
	name  string
	roles []string
}

// user is how an app makes user names.
type user uint8

const (
	userDotted user = iota // first.last
	userLocal              // the local part of the work address
	userFLast              // flast
	userFirstL             // firstl
	userMail               // the work address
	userHandle             // a word of one's own
	userEight              // LASTNAFI, eight capitals at most
	userID                 // the employee id
	userNumber             // a number of the app's own
)

// system is an app of the company.
type system struct {
	id, title    string
	user         user
	german       bool // ä becomes ae in user names
	lastFirst    bool // display names read "Last, First"
	signIns, use bool
	suspend      bool
	words        [2]string // enabled, disabled
	rights       []right
}

var (
	engineers = list("eng-developer eng-platform eng-data")
	finance   = list("fin-clerk fin-controller")
	sales     = list("sales-rep sales-desk")
)

var systems = []system{
	{"mail", "Mail and calendar", userLocal, false, false, true, false, true, [2]string{"active", "disabled"},
		[]right{{"mailbox", nil}, {"delegate-all", list("it-admin")}, {"archive-search", list("hr-partner it-admin")}}},
	{"chat", "Chat", userHandle, false, false, true, false, true, [2]string{"Enabled", "Disabled"},
		[]right{{"member", nil}, {"guest-invite", append(list("it-admin"), sales...)}}},
	{"billing", "Billing", userFirstL, false, false, true, true, true, [2]string{"TRUE", "FALSE"},
		[]right{{"view", append(sales, finance...)}, {"create-vendor", list("fin-clerk")}, {"issue-credit", list("fin-controller support-agent")}, {"close-period", list("fin-controller")}}},
	{"ledger", "General ledger", userEight, true, true, true, true, false, [2]string{"ACTIVE", "SUSPENDED"},
		[]right{{"POST", list("fin-clerk fin-controller")}, {"PAY", list("fin-controller")}, {"REPORT", append(list("eng-data hr-partner"), finance...)}}},
	{"code", "Source code", userHandle, false, false, true, true, true, [2]string{"active", "disabled"},
		[]right{{"read", append(list("it-admin support-agent"), engineers...)}, {"write", engineers}, {"merge-main", list("eng-developer eng-platform")}}},
	{"cloud", "Cloud console", userFLast, true, false, true, true, true, [2]string{"Enabled", "Disabled"},
		[]right{{"viewer", engineers}, {"deploy-prod", list("eng-platform")}, {"billing-viewer", finance}, {"owner", list("it-admin")}}},
	{"crm", "Customers", userMail, false, false, true, true, true, [2]string{"TRUE", "FALSE"},
		[]right{{"contacts", append(list("support-agent"), sales...)}, {"pipeline", sales}, {"discount-approve", list("sales-desk")}, {"export", list("sales-desk eng-data")}}},
	{"payroll", "Payroll", userID, false, true, true, false, true, [2]string{"ACTIVE", "SUSPENDED"},
		[]right{{"edit-run", list("hr-partner")}, {"approve-run", list("fin-controller")}, {"read", list("hr-partner fin-clerk")}}},
	{"tickets", "Tickets", userDotted, true, false, true, true, true, [2]string{"active", "disabled"},
		[]right{{"agent", append(list("support-agent it-admin"), engineers...)}, {"admin", list("it-admin")}, {"planner", list("ops-planner")}}},
	{"vault", "Secrets vault", userFLast, false, false, false, true, false, [2]string{"Enabled", "Disabled"},
		[]right{{"team-secrets", append(list("it-admin"), engineers...)}, {"root-secrets", list("it-admin eng-platform")}, {"audit-log", list("fin-controller")}}},
	{"stock", "Warehouse", userNumber, false, true, true, false, true, [2]string{"TRUE", "FALSE"},
		[]right{{"plan", list("ops-planner")}, {"count", append(list("fin-clerk"), list("ops-planner")...)}, {"write-off", list("fin-controller ops-planner")}}},
	{"wiki", "Wiki", userMail, false, false, false, false, false, [2]string{"active", "disabled"},
		[]right{{"reader", nil}, {"space-admin", list("it-admin hr-partner eng-platform")}}},
}

// systemsOf are the first n apps; past the known ones they repeat under other names.
func systemsOf(n int) []*system {
	out := make([]*system, n)
	for i := range out {
		s := systems[i%len(systems)]
		if round := i / len(systems); round > 0 {
			s.id += "-" + strconv.Itoa(round+1)
			s.title += " " + strconv.Itoa(round+1)
		}
		out[i] = &s
	}
	return out
}

func (s *system) allows(role, right string) bool {
	for _, r := range s.rights {
		if r.name == right {
			return r.roles == nil || slices.Contains(r.roles, role)
		}
	}
	return false
}

// of are the entitlements that a role explains, those of everybody included.
func (s *system) of(role string) []string {
	var out []string
	for _, r := range s.rights {
		if r.roles == nil || slices.Contains(r.roles, role) {
			out = append(out, r.name)
		}
	}
	return out
}

// explained tells whether a role explains anything in the apps that not everybody may have.
func explained(apps []*system, role string) bool {
	return slices.ContainsFunc(apps, func(s *system) bool {
		return slices.ContainsFunc(s.rights, func(r right) bool { return slices.Contains(r.roles, role) })
	})
}

// conflicts are the pairs one person must not hold, as app and entitlement.
var conflicts = []struct{ id, name, appA, a, appB, b string }{
	{"SOD-1", "whoever creates a vendor does not pay it", "billing", "create-vendor", "ledger", "PAY"},
	{"SOD-2", "whoever edits a payroll run does not approve it", "payroll", "edit-run", "payroll", "approve-run"},
	{"SOD-3", "whoever approves a discount does not issue the credit", "crm", "discount-approve", "billing", "issue-credit"},
	{"SOD-4", "whoever merges does not own the cloud", "code", "merge-main", "cloud", "owner"},
	{"SOD-5", "whoever counts the stock does not close the books", "stock", "count", "billing", "close-period"},
}

// policy is what the company's policy files say.
func policy(apps []*system) *scanner.Policy {
	p := &scanner.Policy{}
	has := map[string]bool{}
	for _, s := range apps {
		has[s.id] = true
		for _, r := range s.rights {
			roles := r.roles
			if roles == nil {
				roles = []string{"*"}
			}
			for _, role := range roles {
				p.Allow(role, connectors.AppID(s.id), r.name)
			}
		}
	}
	high := scanner.High
	for _, c := range conflicts {
		if has[c.appA] && has[c.appB] {
			p.AddSoD(scanner.SoDRule{ID: c.id, Name: c.name, Severity: &high, A: scanner.SoDSide{App: connectors.AppID(c.appA), Entitlement: c.a},
				B: scanner.SoDSide{App: connectors.AppID(c.appB), Entitlement: c.b}})
		}
	}
	return p
}
