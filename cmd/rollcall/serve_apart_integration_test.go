//go:build integration

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const actingUser = 64004

// Reading and acting as two users of the machine, each with a secret that the other cannot read: the daemon reads, has what
// was decided carried out by the other process, and confirms it by a read of its own. Nobody else is acted for.
func TestIntegrationReadingAndActingAsTwoUsers(t *testing.T) {
	h := newHouse(t)
	writes := 0
	guard := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch who := r.Header.Get("Authorization"); {
		case r.Method == http.MethodGet && who == "Bearer secret":
		case who == "Bearer may-write":
			if r.Method != http.MethodGet {
				writes++
			}
		default:
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		h.svc.ServeHTTP(w, r)
	}))
	t.Cleanup(guard.Close)
	dir := filepath.Join(h.dir, "act")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	h.write("write-token", "may-write")
	for path, mode := range map[string]os.FileMode{dir: 0o755, filepath.Join(h.dir, "write-token"): 0o600} {
		if err := os.Chown(path, actingUser, actingUser); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(h.dir, "rollcall.toml"))
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(text), "url = ")
	_, after, _ = strings.Cut(after, "\n")
	config := before + fmt.Sprintf("url = %q\n", guard.URL) + after + "[app.acting]\ntoken = \"file:write-token\"\n"
	h.write("rollcall.toml", strings.Replace(config, "[remediate]", fmt.Sprintf("[act]\nsocket = \"act/act.sock\"\nreader = \"%d\"\n[remediate]", ownUser), 1))

	for user, file := range map[int]string{ownUser: "write-token", actingUser: "token"} {
		cmd := exec.Command("cat", filepath.Join(h.dir, file))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Fatalf("user %d can read %s: %s", user, file, out)
		}
	}
	h.has(h.as(ownUser, 1, "act"), "permission denied")
	act := h.start(h.command(actingUser, "act"), `"msg":"acting"`)
	d := h.serve()
	h.as(firstUser, 0, "scan", "-q", "--no-workbook")
	h.as(firstUser, 0, "settle")
	id, _, _ := strings.Cut(h.as(firstUser, 0, "cases", "list"), " ")
	h.as(otherUser, 0, "cases", "remove", id, "--reason", "left")
	h.has(h.as(firstUser, 0, "settle"), "confirmed")
	if writes != 1 || h.svc.users[1].Active {
		t.Errorf("%d writes", writes)
	}
	act.until(`"msg":"made"`)
	stranger, err := net.Dial("unix", filepath.Join(dir, "act.sock")) // this test, as root: not even that
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	newWire(stranger).sendJSON(frameCall, changeCall{})
	h.has(act.until("it is not the user that is acted for"), `"uid":0`)
	act.signal(syscall.SIGTERM)
	act.until(`"msg":"stopped"`)
	d.signal(syscall.SIGTERM)
	d.until(`"msg":"stopped"`)
}
