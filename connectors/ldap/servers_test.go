//go:build integration

package ldap

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Here is how directories that nobody here wrote are installed, started on loopback, and stopped.

// need installs Debian packages unless a program is there. A package may not start what it brings.
func need(t *testing.T, program string, packages ...string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	const policy = "/usr/sbin/policy-rc.d"
	if _, err := os.Stat(policy); errors.Is(err, os.ErrNotExist) {
		check(t, os.WriteFile(policy, []byte("#!/bin/sh\nexit 101\n"), 0o755))
		defer os.Remove(policy)
	}
	apt := func(args ...string) ([]byte, error) {
		cmd := exec.Command("apt-get", append([]string{"-qq", "-o", "DPkg::Lock::Timeout=300"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		return cmd.CombinedOutput()
	}
	install := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	if _, err := apt(install...); err == nil {
		return
	}
	apt("update")
	if out, err := apt(install...); err != nil {
		t.Fatalf("%s is missing, and apt-get install %s failed (it wants root, and Debian): %v\n%s", program, strings.Join(packages, " "), err, out)
	}
}

// shortDir is a folder whose name leaves room for the names of sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dir")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// freeAddress is an address of this host on which nothing listens at the ports.
func freeAddress(t *testing.T, ports ...int) string {
	t.Helper()
next:
	for n := 1; n < 250; n++ {
		ip := fmt.Sprintf("127.0.77.%d", n)
		for _, p := range ports {
			l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", ip, p))
			if err != nil {
				continue next
			}
			l.Close()
		}
		return ip
	}
	t.Fatalf("no loopback address has the ports %d free", ports)
	return ""
}

// run runs a program to its end.
func run(t testing.TB, stdin string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// serve runs a server until the test ends, and waits until it listens.
func serve(t *testing.T, log, address string, name string, args ...string) {
	t.Helper()
	out, err := os.Create(log)
	check(t, err)
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	check(t, cmd.Start())
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		out.Close()
	})
	for range 600 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", name, tail(log))
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen on %s: %s", name, address, tail(log))
}

func tail(file string) []byte {
	b, _ := os.ReadFile(file)
	return b[max(0, len(b)-3000):]
}

// certificates makes an authority and a server's certificate for an address: ca.pem, cert.pem, key.pem.
func certificates(t *testing.T, dir, address string) {
	t.Helper()
	check(t, os.MkdirAll(dir, 0o700))
	// RSA is what GnuTLS and OpenSSL of every age take, but ECDSA is made at once, and both take that too.
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	from := time.Now().Add(-time.Hour)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: address}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
		IPAddresses: []net.IP{net.ParseIP(address)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	check(t, err)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	check(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	for name, b := range map[string]*pem.Block{"ca.pem": {Type: "CERTIFICATE", Bytes: caDER}, "cert.pem": {Type: "CERTIFICATE", Bytes: leafDER},
		"key.pem": {Type: "PRIVATE KEY", Bytes: keyDER}} {
		check(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600))
	}
}

// ldif writes an entry.
func ldif(b *bytes.Buffer, dn string, lines ...string) {
	fmt.Fprintf(b, "dn: %s\n%s\n\n", dn, strings.Join(lines, "\n"))
}
