//go:build integration

package sqldb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Here is how servers that nobody here wrote are installed, started on loopback, and stopped.

// need installs Debian packages unless a file is there. A package may not start what it brings.
func need(t *testing.T, file string, packages ...string) {
	t.Helper()
	if found, _ := filepath.Glob(file); len(found) > 0 {
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
		t.Fatalf("%s is missing, and apt-get install %s failed (it wants root, and Debian): %v\n%s", file, strings.Join(packages, " "), err, out)
	}
}

// as makes a command run as another user: database servers refuse to run as root.
func as(t *testing.T, name string, program string, args ...string) *exec.Cmd {
	t.Helper()
	uid, gid := ids(t, name)
	cmd := exec.Command(program, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	return cmd
}

func ids(t *testing.T, name string) (uid, gid uint32) {
	t.Helper()
	u, err := user.Lookup(name)
	check(t, err)
	n, err := strconv.ParseUint(u.Uid, 10, 32)
	check(t, err)
	g, err := strconv.ParseUint(u.Gid, 10, 32)
	check(t, err)
	return uint32(n), uint32(g)
}

// dirOf is a folder that belongs to a user; its name leaves room for the names of sockets.
func dirOf(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "db")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	own(t, name, dir)
	return dir
}

func own(t *testing.T, name string, files ...string) {
	t.Helper()
	uid, gid := ids(t, name)
	for _, f := range files {
		check(t, os.Chown(f, int(uid), int(gid)))
	}
}

func finish(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// serve starts a server that runs until the test ends, and waits until ready says so. stop is the signal that ends it.
func serve(t *testing.T, cmd *exec.Cmd, log string, stop os.Signal, ready func() error) {
	t.Helper()
	out, err := os.Create(log)
	check(t, err)
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	check(t, cmd.Start())
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		cmd.Process.Signal(stop)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	for begun := time.Now(); ; {
		err := ready()
		if err == nil {
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", cmd.Path, tail(log))
		case <-time.After(50 * time.Millisecond):
		}
		if time.Since(begun) > 3*time.Minute {
			t.Fatalf("%s is not ready: %v\n%s", cmd.Path, err, tail(log))
		}
	}
}

func tail(file string) []byte {
	b, _ := os.ReadFile(file)
	return b[max(0, len(b)-3000):]
}

// freePort is one of loopback on which nothing listens now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	check(t, err)
	return port
}

// certificates makes an authority and a server's certificate for 127.0.0.1: ca.pem, cert.pem, key.pem.
func certificates(t *testing.T, dir string) {
	t.Helper()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	from := time.Now().Add(-time.Hour)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
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
