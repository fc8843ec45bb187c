package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const defaultConfig = "rollcall.toml"

// program is rollcall as a value, so that tests run it whole with a clock and outputs of their own.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	env            func(string) string
	pause          func(context.Context, time.Duration) error // between two looks at an account; nil: by the clock
	slackURL       string                                     // of a Slack to test against; empty: Slack's own
	uid            int                                        // of the user who runs it, as the operating system proves it

	configPath string
	statePath  string // overrides the configuration's state directory

	traces *tracing // nil: none are sent

	daemon *daemon // in which this command is carried out; nil: in a process of its own
	caller *caller // who started it, of one that the daemon carries out for somebody
	by     string  // who that is, in the record; empty: the user of this process
}

func (p *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "rollcall",
		Short: "finds accounts that nobody should have any more, and access that nobody should have kept",
		Long: `rollcall calls the roll: it reads the HR roster and every app's account list, ties each account to a person,
and reports accounts of people who left, accounts nobody owns, unused accounts and access kept from an earlier role.

Start with:  rollcall config check      then:  rollcall sources check      then:  rollcall scan`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, got []string) error {
			if len(got) == 0 {
				return c.Help()
			}
			return noCommand(c, got[0])
		},
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see: %s --help", err, c.CommandPath())}
	})
	f := root.PersistentFlags()
	f.StringVarP(&p.configPath, "config", "c", defaultConfig, "the configuration `FILE`")
	f.StringVar(&p.statePath, "state", "", "`DIR` of the ledger and the runs, instead of the configuration's")
	root.AddCommand(p.scanCommand(), p.reportCommand(), p.explainCommand(), p.findingsCommand(), p.planCommand(), p.casesCommand(),
		p.settleCommand(), p.announceCommand(), p.undoCommand(), p.offboardCommand(), p.leaversCommand(), p.linksCommand(), p.rosterCommand(), p.sourcesCommand(), p.connectorsCommand(), p.runsCommand(), p.ledgerCommand(), p.signoffCommand(),
		p.verifyCommand(), p.replayCommand(), p.proveCommand(), p.policyCommand(), p.keysCommand(), p.configCommand(), p.serveCommand(), p.actCommand(), p.slackCommand(), p.backupCommand(), p.doctorCommand(), p.egressCommand())
	return root
}

// args makes a wrong number of arguments a usage error that says what is wanted.
func args(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, got []string) error {
		if len(got) == n {
			return nil
		}
		return usageError{fmt.Errorf("%s wants %s; see: %s --help", c.CommandPath(), what, c.CommandPath())}
	}
}

// group makes a command that only holds others.
func group(use, short string, sub ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: func(c *cobra.Command, got []string) error {
		if len(got) > 0 {
			return noCommand(c, got[0])
		}
		return usageError{errors.New(c.CommandPath() + " wants a command; see: " + c.CommandPath() + " --help")}
	}}
	c.AddCommand(sub...)
	return c
}

// noCommand refuses a word that is no command and proposes the nearest one.
func noCommand(c *cobra.Command, word string) error {
	var known []string
	for _, sub := range c.Commands() {
		known = append(known, sub.Name())
	}
	return usageError{fmt.Errorf("%s has no command %q%s", c.CommandPath(), word, nearest(word, known))}
}

func (p *program) config() (*config, error) {
	if p.daemon != nil {
		return p.daemon.config()
	}
	c, err := loadConfig(p.configPath, p.now(), resolveSecret(filepath.Dir(p.configPath), p.env))
	if err == nil && p.statePath != "" {
		c.State = p.statePath
	}
	return c, err
}

// configHere is the configuration for a command that needs the state directory. Where a daemon holds that, the error is an
// elsewhere, and the command has done nothing; it needs to read no more of the configuration than where the state is, since
// who may ask the daemon need not be able to read its secrets.
func (p *program) configHere() (*config, error) {
	if p.daemon == nil {
		state := p.statePath
		if f, err := readTOML(p.configPath); state == "" && err == nil {
			name, _ := f.tree["state"].(string)
			state = (&config{Dir: filepath.Dir(p.configPath)}).path(name)
		}
		if state != "" {
			if err := p.served(state); err != nil {
				return nil, err
			}
		}
	}
	return p.config()
}

// actor is who runs the program, for the record. It is the name the operating system gives, not a proof of a person.
func (p *program) actor() string {
	if p.by != "" {
		return p.by
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}

// version is the build's: the module version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v += " " + s.Value[:12]
		}
		if s.Key == "vcs.modified" && s.Value == "true" {
			v += " (changed)"
		}
	}
	return v
}

// name is what to type to start this program again: the commands it proposes are meant to be copied.
func (p *program) name() string {
	self, err := os.Executable()
	if err != nil || strings.Contains(self, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/rollcall"
	}
	return "rollcall"
}

// flags are the global ones this run was given, for the same purpose.
func (p *program) flags() string {
	var f []string
	if p.configPath != defaultConfig {
		f = append(f, "--config "+p.configPath)
	}
	if p.statePath != "" {
		f = append(f, "--state "+p.statePath)
	}
	return strings.Join(f, " ")
}
