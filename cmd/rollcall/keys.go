package main

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/report/signkey"
)

func (p *program) keysCommand() *cobra.Command {
	return group("keys", "the key and the certificate that reports are signed with", p.keysNewCommand(), p.keysShowCommand())
}

// newKeys is what keys new was asked for.
type newKeys struct {
	out, kind string
	subject   signkey.Subject
	years     int
	request   bool
}

func (p *program) keysNewCommand() *cobra.Command {
	var n newKeys
	c := &cobra.Command{
		Use:   "new",
		Short: "make a key and a self-signed certificate, or a request to the company's own authority (--csr)",
		Long: `new writes rollcall.key and rollcall.crt (or, with --csr, rollcall.csr) and says what to do with them. Nothing is ever
overwritten.`,
		Args: args(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := n.check(c.Flags().Changed("years")); err != nil {
				return usageError{err}
			}
			return p.newKeys(n)
		},
	}
	f := c.Flags()
	f.StringVar(&n.out, "out", ".", "`DIR` to write to; made if it is not there")
	f.StringVar(&n.subject.Company, "name", "", "`NAME` of the company, as the certificate shows it")
	f.StringVar(&n.subject.Unit, "unit", "", "`NAME` of the department, optional")
	f.StringVar(&n.subject.Country, "country", "", "`CC`, two letters, optional")
	f.StringVar(&n.kind, "type", string(signkey.RSA3072), strings.Join(texts(signkey.Types()), ", "))
	f.IntVar(&n.years, "years", 3, "how long the certificate is valid, 1 to 10")
	f.BoolVar(&n.request, "csr", false, "make a certificate signing request instead of a certificate")
	return c
}

func (n *newKeys) check(yearsGiven bool) error {
	n.subject.Country = strings.ToUpper(n.subject.Country)
	switch {
	case n.subject.Company == "":
		return errors.New("keys new wants --name, the company's name as the certificate is to show it")
	case !slices.Contains(signkey.Types(), signkey.Type(n.kind)):
		return fmt.Errorf("--type %q: want one of %s", n.kind, strings.Join(texts(signkey.Types()), ", "))
	case n.request && yearsGiven:
		return errors.New("--years is for the authority to say when --csr asks it for a certificate")
	case n.years < 1 || n.years > 10:
		return fmt.Errorf("--years %d: want 1 to 10", n.years)
	}
	return nil
}

func (p *program) newKeys(n newKeys) error {
	keyPath, otherPath := filepath.Join(n.out, "rollcall.key"), filepath.Join(n.out, "rollcall.crt")
	if n.request {
		otherPath = filepath.Join(n.out, "rollcall.csr")
	}
	for _, path := range []string{keyPath, otherPath} {
		if _, err := os.Lstat(path); err == nil {
			return fileExists(path)
		}
	}
	key, err := signkey.Generate(rand.Reader, signkey.Type(n.kind))
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	other, certificate, err := p.publicPart(n, key)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	secret, err := signkey.EncodeKey(key)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := os.MkdirAll(n.out, 0o700); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := writeNew(keyPath, secret, 0o600); err != nil {
		return err
	}
	if err := writeNew(otherPath, other, 0o644); err != nil {
		return errors.Join(err, os.Remove(keyPath)) // nobody has seen the key yet
	}
	p.sayNewKeys(keyPath, otherPath, key, certificate)
	return nil
}

// publicPart is the certificate as PEM, or the request for one.
func (p *program) publicPart(n newKeys, key crypto.Signer) ([]byte, *x509.Certificate, error) {
	if n.request {
		der, err := signkey.Request(rand.Reader, key, n.subject)
		return signkey.EncodeRequest(der), nil, err
	}
	now := p.now()
	c, err := signkey.SelfSigned(rand.Reader, key, n.subject, now, now.AddDate(n.years, 0, 0))
	if err != nil {
		return nil, nil, err
	}
	return signkey.EncodeCertificate(c), c, nil
}

func fileExists(path string) error {
	return fmt.Errorf("keys: %s exists and is not overwritten, since a lost key cannot be made again: move it away, or name another folder with --out", path)
}

// writeNew writes a file that must not be there yet, in full or not at all.
func writeNew(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fileExists(path)
	}
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keys: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}
