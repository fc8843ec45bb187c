//go:build integration

package opcsign

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// These tests ask programs that nobody here wrote: Apache POI, LibreOffice, xmlsec1, libxml2 and openssl. What is missing
// of them is installed with apt-get, so they need Debian or Ubuntu, and root for the first run. Nothing leaves this
// machine but that.

// need installs packages unless what they bring is there.
func need(t *testing.T, there func() bool, packages ...string) {
	t.Helper()
	if there() {
		return
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Fatalf("install %s: there is no apt-get to do it", strings.Join(packages, ", "))
	}
	install := func() ([]byte, error) {
		cmd := exec.Command("apt-get", append([]string{"-y", "-q", "-o", "DPkg::Lock::Timeout=300", "install", "--no-install-recommends"}, packages...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		return cmd.CombinedOutput()
	}
	out, err := install()
	if err != nil {
		if update, err := exec.Command("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "update").CombinedOutput(); err != nil {
			t.Fatalf("apt-get update: %v\n%s", err, update)
		}
		out, err = install()
	}
	if err != nil || !there() {
		t.Fatalf("apt-get install %s: %v\n%s", strings.Join(packages, " "), err, out)
	}
}

func program(names ...string) func() bool {
	return func() bool {
		return !slices.ContainsFunc(names, func(n string) bool {
			_, err := exec.LookPath(n)
			return err != nil
		})
	}
}

func files(names ...string) func() bool {
	return func() bool {
		return !slices.ContainsFunc(names, func(n string) bool {
			_, err := os.Stat(n)
			return err != nil
		})
	}
}

// run gives what a program prints; an error ends the test.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func keyPEM(id identity) []byte {
	return pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(id.key)))
}

// sample is a file for the engines, and whether they must accept it.
type sample struct {
	path string
	good bool
}

// samples are packages signed by each kind of key, with a timestamp and without, and tampered ones that an engine which
// does not look at coverage, content types or the XAdES properties can see.
func samples(t *testing.T, authority bool) []sample {
	t.Helper()
	dir := t.TempDir()
	var out []sample
	add := func(name string, good bool, data []byte) {
		out = append(out, sample{write(t, dir, name+".xlsx", data), good})
	}
	for kind, data := range map[string][]byte{"hand": pack(t, handmade()), "excelize": excelBook(t)} {
		for name, id := range map[string]identity{"rsa": rsaID(), "p256": p256ID(), "p384": p384ID()} {
			o := id.options()
			if authority {
				o.Timestamp = testAuthority
			}
			add(kind+"-"+name, true, signed(t, data, o))
		}
	}
	base := signed(t, pack(t, handmade()), rsaID().options())
	for _, c := range tampers {
		if slices.Contains([]string{"a cell changed", "a blank added", "a relationship redirected", "a link's target changed", "a relationship removed",
			"two parts exchanged", "the signature moved to another workbook", "SignedInfo's algorithm changed",
			"the signature value changed", "a reference of the manifest removed", "a digest of the manifest replaced", "the signing time changed",
			"the time of the manifest changed", "the purpose changed"}, c.name) {
			add("tampered "+strings.NewReplacer("'", "", " ", "-").Replace(c.name), false, pack(t, c.change(t, unpack(t, base))))
		}
	}
	return out
}

// judge compares an engine's verdicts with what they must be.
func judge(t *testing.T, all []sample, verdict func(path string) (bool, string)) {
	t.Helper()
	accepted, refused := 0, 0
	for _, s := range all {
		got, said := verdict(s.path)
		if got != s.good {
			t.Errorf("%s: it says %v (%s); want %v", filepath.Base(s.path), got, said, s.good)
		} else if got {
			accepted++
		} else {
			refused++
		}
	}
	t.Logf("%d accepted, %d tampered ones refused", accepted, refused)
}

// now is for what has a clock of its own: the engines compare certificates with the time of day.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }
