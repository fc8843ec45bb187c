package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
)

func (p *program) approveConfigCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "approve [HASH]", Short: "let a configuration hold that is looser than before; takes a second person",
		Long: `approve lets what the daemon took up hold although it is looser than before: a rule that asks or acts by itself, a higher
cap, another approver, an exception, another roster, another address that is told. Until somebody does, nothing is carried
out and nothing is decided. Without HASH it prints all that is looser, and changes nothing.

It takes one of those who were approvers before, proven by the daemon, who did not write the files. Who did is told by whose
they were when the daemon read them. Where that is nobody in particular (root, the daemon's own user, a user that is no
person, a file that others can write), it takes two approvers, so that at least one of them did not. Where there is only one
approver, have the files belong to whoever edits them, and have the daemon read them again.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, a []string) error {
			if len(a) == 0 {
				return p.showLooser()
			}
			return p.approveConfig(a[0], reason)
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	return c
}

// looser is what the daemon took up, and what holds, where it is looser than that.
func (p *program) looser(c *config, led *ledger.Ledger) (now, before *remediate.Allowed, says []string, err error) {
	if p.caller == nil {
		return nil, nil, nil, errNoSecond
	}
	if before, err = led.Allowed(); err != nil {
		return nil, nil, nil, err
	}
	if now = c.allows(); before != nil {
		says = now.Looser(before)
	}
	if says == nil {
		return nil, nil, nil, errors.New("there is nothing to approve: nothing is looser than what was allowed")
	}
	return now, before, says, nil
}

func (p *program) showLooser() error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	now, _, says, err := p.looser(c, led)
	if err != nil {
		return err
	}
	for _, s := range says {
		fmt.Fprintf(p.stdout, "looser: %s\n", report.Plain(s))
	}
	fmt.Fprintf(p.stdout, "to let it hold: rollcall config approve %s --reason …\n", now.Hash()[:12])
	return nil
}

func (p *program) approveConfig(hash, reason string) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	now, before, says, err := p.looser(c, led)
	if err != nil {
		return err
	}
	if len(hash) < 8 || !strings.HasPrefix(now.Hash(), strings.ToLower(hash)) {
		return fmt.Errorf("what the daemon took up has the hash %s, not %s: look at it again", now.Hash()[:12], hash)
	}
	// Who may approve, and who is who, is what was allowed, not what the new configuration says.
	as := *c
	as.Remediate.Approvers, as.Remediate.UID = before.Approvers, before.UID
	by, plan, err := p.approver(&as, led)
	if err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return usageError{errors.New("config approve wants --reason: why may it be looser?")}
	}
	said, err := led.Loosening(now.Hash(), before.Hash())
	if err != nil {
		return err
	}
	authors := p.authors(&as)
	enough, err := said.Say(remediate.Decision{By: by, Why: reason, At: p.now()}, authors, plan.same, func(i remediate.Identity) bool { return as.isApprover(plan, i.Person) == nil })
	if err != nil {
		return err
	}
	if !enough {
		fmt.Fprintf(p.stdout, "noted, by %s; it takes another approver who says the same, since it is not known who wrote the files: %s\n", report.Plain(by.String()), report.Plain(authors.Unknown))
		return led.PutLoosening(said, by, p.now())
	}
	for _, s := range says {
		fmt.Fprintf(p.stdout, "approved: %s\n", report.Plain(s))
	}
	return led.PutAllowed(said.Allow(*now, p.now()))
}

// unknownOwner is the owner of a file of which it is not known who wrote it.
const unknownOwner = -1

// ownerOf is the user who owns a file that is open, and so wrote it; unknownOwner where others may write it too.
func ownerOf(info os.FileInfo) int {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Perm()&0o022 != 0 {
		return unknownOwner
	}
	return int(st.Uid)
}

// authors are those who wrote the files that the daemon took up, by whose they were then. Root and the daemon's own user are
// nobody in particular.
func (p *program) authors(c *config) (a remediate.Authors) {
	if len(c.owners) == 0 {
		a.Unknown = "whose they are was not seen"
	}
	for _, path := range sortedKeys(c.owners) {
		uid := c.owners[path]
		who := c.personOf(uid)
		switch {
		case uid == unknownOwner:
			a.Unknown = path + " can be written by others than its owner"
		case uid == 0:
			a.Unknown = path + " belongs to root"
		case p.daemon != nil && uid == p.daemon.uid:
			a.Unknown = path + " belongs to the user that the daemon runs as"
		case !who.Somebody():
			a.Unknown = fmt.Sprintf("%s belongs to user %d, who is no person that [identities] uid names", path, uid)
		default:
			a.People = append(a.People, who.Person)
		}
	}
	return a
}

// approver is the person who asks for what takes a second one: proven by the daemon, working here, and one of the approvers.
func (p *program) approver(c *config, led *ledger.Ledger) (remediate.Identity, *runPlan, error) {
	if p.caller == nil {
		return remediate.Identity{}, nil, errNoSecond
	}
	by := p.whoAmI(c)
	if !by.Somebody() {
		return by, nil, fmt.Errorf("refused: user %d of this machine is no person that [identities] uid names%s", p.uid, p.isNobody())
	}
	plan, err := newestPlan(c, led)
	if err != nil {
		return by, nil, err
	}
	by.Person = plan.same(by.Person)
	return by, plan, c.isApprover(plan, by.Person)
}

// isApprover says why somebody is not one of the approvers who work here.
func (c *config) isApprover(plan *runPlan, id connectors.PersonID) error {
	switch id = plan.same(id); {
	case !plan.Deciders[id]:
		return fmt.Errorf("refused: %s does not work here, by the roster of run %s", id, plan.Run)
	case !slices.ContainsFunc(c.Remediate.Approvers, func(a connectors.PersonID) bool { return plan.same(a) == id }):
		return fmt.Errorf("refused: %s is not one of [remediate] approvers", id)
	}
	return nil
}
