package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

const header = `{"type":"header","rollcall":1,"signals":["sign_in"]}` + "\n"

func account(n int) string { return fmt.Sprintf(`{"type":"account","id":"u%d"}`+"\n", n) }

// helper is this test's own binary, run again as a program that misbehaves.
func helper(mode string, args []string) {
	out := bufio.NewWriter(os.Stdout)
	say := func(s string) { out.WriteString(s); out.Flush() }
	switch mode {
	case "print": // what it is told to
		say(strings.Join(args, ""))
	case "half":
		say(header + account(1) + account(2) + `{"type":"acc`)
	case "noend":
		say(header + account(1))
	case "endless line": // 10 GB of it, if somebody reads that
		say(header)
		piece := bytes.Repeat([]byte("x"), 1<<20)
		for range 10 << 10 {
			if _, err := os.Stdout.Write(piece); err != nil {
				os.Exit(1)
			}
		}
	case "endless accounts":
		say(header)
		for n := 0; ; n++ {
			if _, err := out.WriteString(account(n)); err != nil {
				os.Exit(1)
			}
		}
	case "hang":
		say(header + account(1))
		select {}
	case "fork": // and leave a child that has the output, which tells its process id
		child := exec.Command("/bin/sleep", "600")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if len(args) > 1 { // out of the group as well
			child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		}
		if child.Start() != nil {
			os.Exit(1)
		}
		os.WriteFile(args[0], fmt.Append(nil, child.Process.Pid), 0o600)
		say(header + account(1) + `{"type":"end","accounts":1}` + "\n")
	case "exit":
		say(args[0])
		fmt.Fprint(os.Stderr, args[1], " ", os.Getenv("TOKEN"))
		code := 0
		fmt.Sscan(args[2], &code)
		os.Exit(code)
	case "flood": // standard error
		for range 1 << 14 {
			os.Stderr.WriteString(strings.Repeat("e", 1<<10))
		}
		os.Stderr.WriteString("the last word")
		os.Exit(1)
	case "env":
		say(header)
		fmt.Fprintf(out, `{"type":"note","text":%q}`+"\n", strings.Join(os.Environ(), " "))
		in, _ := io.ReadAll(os.Stdin)
		fmt.Fprintf(out, `{"type":"note","text":%q}`+"\n", in)
		fmt.Fprintf(out, `{"type":"note","text":%q}`+"\n", strings.Join(args, "|"))
		say(`{"type":"end","accounts":0}` + "\n")
	case "quick": // ends long before its output is read
		say(header)
		for n := range 100 {
			out.WriteString(account(n))
		}
		say(`{"type":"end","accounts":100}` + "\n")
	}
}

func helperConfig(mode string, args ...string) AppConfig {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	argv := append([]string{self, "helper", mode}, args...)
	return AppConfig{Accounts: argv, Account: argv, Disable: argv, Enable: argv, Env: map[string]string{"TOKEN": "env:TOKEN"}}
}

// core opens an app that has little patience.
func core(t testing.TB, c AppConfig) *App {
	t.Helper()
	a, err := c.open(testEnv(""))
	check(t, err)
	a.grace = 100 * time.Millisecond
	return a
}

// fails pulls, and wants an error that says what; no collection may have ended.
func fails(t *testing.T, a *App, want string) error {
	t.Helper()
	rows, trace, err := connectortest.Accounts(t.Context(), a)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%d accounts, %v; want an error with %q", len(rows), err, want)
	}
	if trace.Ended(connectors.Accounts) {
		t.Error("the pull failed, and the collection ended")
	}
	if err != nil && strings.Contains(err.Error(), secret) {
		t.Errorf("the secret shows in: %v", err)
	}
	return err
}

func TestHostileOutput(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct{ out, want string }{
		"nothing":                {"", `without a line of type "end"`},
		"no header":              {account(1), `its type is "account"; want "header"`},
		"another version":        {`{"type":"header","rollcall":2}` + "\n", `version 2`},
		"an unknown signal":      {`{"type":"header","rollcall":1,"signals":["sleep"]}` + "\n", `"sleep" is not known`},
		"no JSON":                {header + "ada,bea\n", "line 2: no JSON object"},
		"half a line":            {header + `{"type":"account","id":"u1"`, "not ended by a newline"},
		"two values in a line":   {header + `{"type":"account","id":"u1"} {"type":"account","id":"u2"}` + "\n", "line 2"},
		"an array":               {header + "[]\n", "line 2: no JSON object"},
		"an unknown type":        {header + `{"type":"user","id":"u1"}` + "\n", `its type is "user"`},
		"an unknown field":       {header + `{"type":"account","id":"u1","enabld":true}` + "\n", `unknown field "enabld"`},
		"no id":                  {header + `{"type":"account"}` + "\n", "without an id"},
		"an id twice":            {header + account(1) + account(1), `"u1" comes a second time`},
		"a wrong day":            {header + `{"type":"account","id":"u1","created":"yesterday"}` + "\n", `created "yesterday"`},
		"a wrong class":          {header + `{"type":"account","id":"u1","class":"cat"}` + "\n", `class "cat"`},
		"a word for a truth":     {header + `{"type":"account","id":"u1","enabled":"no"}` + "\n", "enabled"},
		"no end":                 {header + account(1), `without a line of type "end"`},
		"an end without a count": {header + account(1) + `{"type":"end"}` + "\n", "the list is not whole"},
		"too high a count":       {header + account(1) + `{"type":"end","accounts":2}` + "\n", "1 were seen"},
		"more after the end":     {header + `{"type":"end","accounts":0}` + "\n" + account(1), "comes after the last one"},
		"an escaped secret":      {header + `{"type":"note","text":"` + fmt.Sprintf(`\u%04x`, secret[0]) + secret[1:] + `"}` + "\n", "holds a secret"},
		"a secret":               {header + `{"type":"note","text":"` + secret + `"}` + "\n", "holds a secret"},
		"zero bytes":             {header + "\x00\x00\n", "line 2"},
		"bytes that are no text": {header + "{\"type\":\"account\",\"id\":\xff}\n", "line 2"},
		"a long line of no JSON": {header + long + "\n", "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			a := core(t, helperConfig("print", strings.ReplaceAll(c.out, "\x00", "\x01")))
			fails(t, a, c.want)
		})
	}
}

// 10 GB in one line end the program after its first megabyte.
func TestHostileEndlessLineInBoundedMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fails(t, core(t, helperConfig("endless line")), "longer than 1048576 bytes")
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
		t.Errorf("%d bytes were allocated for it", used)
	}
}

func TestHostileHangEndsByTimeout(t *testing.T) {
	for _, mode := range []string{"hang", "endless accounts"} {
		c := helperConfig(mode)
		c.Timeout = "1s"
		fails(t, core(t, c), "longer than timeout allows")
	}
}

// A child that keeps the output open is ended with its group; one that left the group cannot be, and holds nothing up.
func TestHostileChildKeepsTheOutputOpen(t *testing.T) {
	for _, args := range [][]string{{filepath.Join(t.TempDir(), "pid")}, {filepath.Join(t.TempDir(), "pid"), "session"}} {
		fails(t, core(t, helperConfig("fork", args...)), "keeps its output open")
		text, err := os.ReadFile(args[0])
		check(t, err)
		pid := 0
		fmt.Sscan(string(text), &pid)
		if len(args) > 1 {
			check(t, syscall.Kill(pid, syscall.SIGKILL)) // it was started by this test
			continue
		}
		if left := alive(pid); left {
			t.Errorf("the child %d is alive still", pid)
		}
	}
}

// alive gives a process that was killed the time to go.
func alive(pid int) bool {
	for range 500 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

func TestExitCodes(t *testing.T) {
	whole := header + account(1) + `{"type":"end","accounts":1}` + "\n"
	for code, want := range map[string]error{"67": connectors.ErrNotFound, "75": connectors.ErrTransient, "77": connectors.ErrForbidden, "1": nil} {
		err := fails(t, core(t, helperConfig("exit", whole, "because", code)), "because <secret>")
		for _, class := range []error{connectors.ErrNotFound, connectors.ErrTransient, connectors.ErrForbidden} {
			if errors.Is(err, class) != (class == want) {
				t.Errorf("exit %s: is %v: %v (%v)", code, class, errors.Is(err, class), err)
			}
		}
		app := open(t, helperConfig("exit", `{"type":"done","changed":true}`+"\n", "because", code))
		r, err := app.(connectors.Disabler).Disable(t.Context(), connectors.Account{ID: "u1"})
		if err == nil || r.Changed || want != nil && !errors.Is(err, want) {
			t.Errorf("a change that ends with %s: %+v, %v; want %v", code, r, err, want)
		}
	}
}

func TestChangesThatAreNotAnsweredAreErrors(t *testing.T) {
	for out, want := range map[string]string{
		"":                            "prints no answer",
		`{"type":"done"}` + "\n":      "does not say whether anything was changed",
		`{"type":"done","changed":tr`: "not ended by a newline",
		`{"type":"done","changed":true,"done":1}` + "\n":                  "unknown field",
		`{"type":"done","changed":true}` + "\n" + account(1):              "comes after the last one",
		`{"type":"account","id":"u1","changed":true}` + "\n":              `want "done"`,
		`{"type":"done","changed":true,"request_id":"` + secret + "\"}\n": "holds a secret",
	} {
		app := open(t, helperConfig("print", out))
		r, err := app.(connectors.Disabler).Disable(t.Context(), connectors.Account{ID: "u1"})
		if err == nil || !strings.Contains(err.Error(), want) || r != (connectors.Receipt{}) {
			t.Errorf("%q: %+v, %v; want an error with %q", out, r, err, want)
		}
		for _, class := range []error{connectors.ErrNotFound, connectors.ErrTransient, connectors.ErrForbidden} {
			if errors.Is(err, class) {
				t.Errorf("%q: whether it was done is not known, and the error is %v", out, class)
			}
		}
	}
}

func TestFloodOfErrorsIsBounded(t *testing.T) {
	err := fails(t, core(t, helperConfig("flood")), "the last word")
	if n := len(err.Error()); n > 2*maxErrors {
		t.Errorf("the error has %d bytes", n)
	}
}

// The environment is small, the ids come on standard input, and arguments are passed as they are.
func TestWhatAProgramIsGiven(t *testing.T) {
	t.Setenv("ROLLCALL_TEST_LEAK", "leaked")
	odd := []string{"$(id)", "a b", "*", "; rm -rf /", ""}
	a := core(t, helperConfig("env", odd...))
	a.secrets = nil // the note would show it
	_, trace, err := connectortest.Accounts(t.Context(), a)
	check(t, err)
	var notes []string
	for _, n := range trace.Notes {
		notes = append(notes, n.Text)
	}
	if len(notes) != 3 {
		t.Fatalf("notes %q", notes)
	}
	if env := notes[0]; strings.Contains(env, "leaked") || !strings.Contains(env, "TOKEN="+secret) || len(strings.Fields(env)) != 4 {
		t.Errorf("the environment is %q", env)
	}
	if notes[1] != `{"rollcall":1,"do":"list"}`+"\n" {
		t.Errorf("the input is %q", notes[1])
	}
	if notes[2] != strings.Join(odd, "|") {
		t.Errorf("the arguments are %q; want %q", notes[2], odd)
	}
}

func TestIdsThatLookLikeOptionsAreNoArguments(t *testing.T) {
	c := helperConfig("env")
	c.Account = append(c.Account, accountMark)
	app := open(t, c)
	for _, id := range []connectors.AccountID{"-rf", "--help", "", "a\x00b"} {
		if _, err := app.(connectors.Getter).Account(t.Context(), id); !errors.Is(err, connectors.ErrForbidden) {
			t.Errorf("%q: %v; want ErrForbidden", id, err)
		}
	}
}

func TestProgramsThatOthersMayWriteToAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list")
	check(t, os.WriteFile(file, []byte("#!/bin/sh\n"), 0o700))
	for mode, want := range map[os.FileMode]string{0o720: "written to by others", 0o702: "written to by others", 0o600: "chmod +x"} {
		check(t, os.Chmod(file, mode))
		a := core(t, AppConfig{Accounts: []string{file}})
		fails(t, a, want)
		p, err := a.Preflight(t.Context())
		if err != nil || len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Fix, want) {
			t.Errorf("mode %o: preflight %+v, %v", mode, p, err)
		}
	}
	fails(t, core(t, AppConfig{Accounts: []string{file + "s"}}), "no such file")
}

// A reader who is slow still gets all that the program printed before it ended.
func TestSlowReaderGetsAll(t *testing.T) {
	a := core(t, helperConfig("quick"))
	a.grace = time.Millisecond
	n := 0
	for _, err := range a.Accounts(t.Context(), new(connectortest.Trace)) {
		check(t, err)
		if n++; n == 1 {
			time.Sleep(300 * time.Millisecond) // longer than the program lives, and than its grace
		}
	}
	if n != 100 {
		t.Errorf("%d accounts; want 100", n)
	}
}

func TestSignals(t *testing.T) {
	row := header + `{"type":"account","id":"u1","last_sign_in":"2026-01-02T23:30:00-05:00","mfa":true}` + "\n" + `{"type":"account","id":"u2","last_sign_in":"never"}` + "\n" +
		account(3) + `{"type":"end","accounts":3}` + "\n"
	c := helperConfig("print", row)
	rows, trace, err := connectortest.Accounts(t.Context(), core(t, c))
	check(t, err)
	if rows[0].LastSignIn.Known() || rows[0].MFA != connectors.Unknown || len(trace.Notes) != 1 {
		t.Errorf("what reports does not name is told: %+v, notes %v", rows[0], trace.Notes)
	}
	c.Reports = []string{"sign_in"}
	rows, _, err = connectortest.Accounts(t.Context(), core(t, c))
	check(t, err)
	if rows[0].LastSignIn.String() != "2026-01-03" || rows[1].LastSignIn.Known() || rows[1].SignInUnknown || !rows[2].SignInUnknown {
		t.Errorf("sign-ins are wrong: %+v", rows)
	}
	c.Reports = []string{"sign_in", "mfa"}
	fails(t, core(t, c), `reports names "mfa"`)
}

func TestCheckProgram(t *testing.T) {
	c := helperConfig("print", `{"type":"check","identity":"svc","proved":["may list"],"problems":[{"lacks":"a right","so":"x","fix":"y","writing":true}]}`+"\n")
	c.Check = c.Accounts
	p, err := open(t, c).(connectors.Preflighter).Preflight(t.Context())
	if err != nil || p.Identity != "svc" || len(p.Proved) != 1 || len(p.Problems) != 1 || !p.Problems[0].Writing {
		t.Errorf("%+v, %v", p, err)
	}
}

// Cancelling ends a program that runs, and says so.
func TestCancelEndsTheProgram(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range core(t, helperConfig("hang")).Accounts(ctx, new(connectortest.Trace)) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("%v; want context.Canceled", last)
	}
}

// A program is as safe as the folder it lies in: who may write there may put another one in its place.
func TestAProgramThatOthersMayReplace(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "bin")
	path := filepath.Join(folder, "list")
	if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := executable(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o770); err != nil {
		t.Fatal(err)
	}
	if err := executable(path); err == nil || !strings.Contains(err.Error(), "put another program there") {
		t.Errorf("in a folder that its group may write to: %v", err)
	}
}
