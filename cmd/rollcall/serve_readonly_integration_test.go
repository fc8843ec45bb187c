//go:build integration

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// readOnlyRoot makes every file system of a mount namespace of its own read-only but for one directory, proves that, and
// becomes the daemon with the rights of its user.
const readOnlyRoot = `set -e
state=$1; shift
mount --bind "$state" "$state"
awk '{print $2}' /proc/self/mounts | while read -r at; do
	[ "$at" = "$state" ] || mount -o remount,bind,ro "$at" 2>/dev/null || true
done
for dir in / /tmp /var/tmp /dev/shm "$(dirname "$state")"; do
	if [ -d "$dir" ] && touch "$dir/rollcall-was-here" 2>/dev/null; then echo "$dir can still be written to" >&2; exit 70; fi
done
touch "$state/can-be-written" && rm "$state/can-be-written"
exec setpriv --reuid="$1" --regid="$2" --groups="$2" --no-new-privs "$3" serve
`

// The daemon starts and calls the roll where nothing can be written but its state directory, and all it writes lies there.
func TestIntegrationServeUnderAReadOnlyRoot(t *testing.T) {
	h := newHouse(t)
	for _, tool := range []string{"unshare", "setpriv", "mount", "awk"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("install %s (Debian: util-linux, mount, mawk): %v", tool, err)
		}
	}
	if out, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		t.Fatalf("a mount namespace is refused here (%v: %s), so that a read-only root cannot be tried: run it as root with CAP_SYS_ADMIN (docker run --cap-add SYS_ADMIN)", err, out)
	}
	state := filepath.Join(h.dir, "state")
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", readOnlyRoot, "sh", state, fmt.Sprint(ownUser), fmt.Sprint(theGroup), h.bin)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent"}
	d := h.start(cmd, `"msg":"serving"`)
	h.has(h.as(firstUser, 0, "scan", "-q"), "1 finding")
	h.has(h.as(firstUser, 0, "settle"), "1 cases opened")
	books, err := filepath.Glob(filepath.Join(state, "runs", "*", "*.xlsx"))
	if err != nil || len(books) != 1 {
		t.Errorf("workbooks: %v %v", books, err)
	}
	h.has(h.as(0, 0, "backup", filepath.Join(h.dir, "backup.tar")), "the ledger with its") // written by the process of who asked
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mounts", d.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	writable := 0
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 3 && f[1] == state && strings.HasPrefix(f[3], "rw") {
			writable++
		} else if len(f) > 3 && f[1] == "/" && !strings.HasPrefix(f[3], "ro") {
			t.Errorf("the root can be written to: %s", line)
		}
	}
	if writable != 1 {
		t.Errorf("the state directory is not what can be written to:\n%s", mounts)
	}
	d.signal(syscall.SIGTERM)
	d.until(`"msg":"stopped"`)
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("the daemon ended with %v", err)
	}
	if log := d.log.String(); strings.Contains(log, "read-only file system") || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("it wanted to write elsewhere:\n%s", log)
	}
}
