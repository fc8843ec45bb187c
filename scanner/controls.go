package scanner

// controls are the requirements a finding of each kind bears on. They say what a finding is evidence for; they do not
// say that a control is met.
var controls = map[Kind][]string{
	OrphanedAccount:   {"SOC2 CC6.2", "ISO27001 A.5.18", "PCI 8.2.5", "NIST AC-2(3)", "NIST PS-4"},
	UnconfirmedOwner:  {"SOC2 CC6.2", "ISO27001 A.5.18", "PCI 7.2.4", "NIST AC-2"},
	LeaveNotSuspended: {"SOC2 CC6.2", "PCI 8.2.6", "NIST AC-2"},
	EarlyAccess:       {"SOC2 CC6.2", "ISO27001 A.5.18", "PCI 8.2.4", "NIST AC-2"},
	StaleAccount:      {"SOC2 CC6.2", "PCI 8.2.6", "NIST AC-2(3)"},
	StalePrivilege:    {"SOC2 CC6.3", "ISO27001 A.5.18", "PCI 7.2.4", "NIST AC-6(7)"},
	MoverStacking:     {"SOC2 CC6.3", "ISO27001 A.5.18", "PCI 7.2.4", "NIST PS-5"},
	ExcessAccess:      {"SOC2 CC6.3", "ISO27001 A.5.18", "PCI 7.2.4", "NIST AC-6(7)"},
	SoDConflict:       {"SOC2 CC6.3", "ISO27001 A.5.18", "NIST AC-5"},
	OwnerlessAccount:  {"SOC2 CC6.1", "SOC2 CC6.2", "PCI 7.2.5.1", "PCI 8.2.2", "NIST AC-2(3)"},
	DuplicateAccount:  {"SOC2 CC6.2", "PCI 7.2.4", "NIST AC-2"},
	MissingAccess:     {"SOC2 CC6.3", "ISO27001 A.5.18", "NIST AC-2"},
	ReappearedAccess:  {"SOC2 CC6.3", "ISO27001 A.5.18", "PCI 8.2.4", "NIST AC-2"},
	SignInAfterExit:   {"SOC2 CC6.2", "PCI 8.2.5", "NIST PS-4"},
	DormantCredential: {"SOC2 CC6.1", "SOC2 CC6.2", "NIST AC-2(3)"},
	WeakSignIn:        {"SOC2 CC6.1"},
	ExpiredGrant:      {"SOC2 CC6.3", "ISO27001 A.5.18", "NIST AC-2(2)"},
}
