package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/spf13/cobra"

	"rollcall/report"
	"rollcall/report/signkey"
)

// soonDays is how many days before a certificate ends its owner is warned: asking an authority for one takes weeks.
const soonDays = 30

func (p *program) keysShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "show the configured certificate, whether the key belongs to it, and how long it is valid",
		Args:  args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			c, err := p.config()
			if err != nil {
				return err
			}
			if c.Sign == nil {
				return fmt.Errorf("keys: %s has no section [sign], so reports are not signed: make a key with: %s keys new --name COMPANY", c.Path, p.name())
			}
			return p.showKeys(c)
		},
	}
}

func (p *program) showKeys(c *config) error {
	id, err := c.identity()
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "reports are signed with (%s):\n", c.signAt)
	p.sayCertificate(id.Certificate)
	fmt.Fprintf(p.stdout, "  key          %s; it belongs to the certificate\n", keyWords(id.Key.Public()))
	authority := "no authority is configured: the time in a signature is this machine's word"
	if u, err := url.Parse(c.Sign.Timestamp); err == nil && u.Host != "" {
		authority = "from " + report.Plain(u.Host+u.Path) // what follows may be a key
	}
	fmt.Fprintf(p.stdout, "  timestamp    %s\n", authority)
	now := p.now()
	if err := signkey.ValidAt(id.Certificate, now); err != nil {
		return fmt.Errorf("%s: [sign] %w", c.signAt, err)
	}
	left := signkey.DaysLeft(id.Certificate, now)
	fmt.Fprintf(p.stdout, "  days left    %d\n", left)
	if left < soonDays {
		fmt.Fprintf(p.stdout, "WARNING: the certificate ends in %d days, and nothing is signed after that: make or ask for the next one now\n", left)
	}
	return nil
}

func (p *program) sayCertificate(c *x509.Certificate) {
	issuer := "itself (self-signed): nobody else vouches for it"
	if !signkey.SelfIssued(c) {
		issuer = report.Plain(c.Issuer.String())
	}
	const layout = "2006-01-02 15:04"
	fmt.Fprintf(p.stdout, "  subject      %s\n", report.Plain(c.Subject.String()))
	fmt.Fprintf(p.stdout, "  issued by    %s\n", issuer)
	fmt.Fprintf(p.stdout, "  fingerprint  SHA-256 %s\n", signkey.Fingerprint(c))
	fmt.Fprintf(p.stdout, "  valid        %s to %s UTC\n", c.NotBefore.UTC().Format(layout), c.NotAfter.UTC().Format(layout))
}

// keyWords names a key's kind, and says of one that not every program reads what is known of it.
func keyWords(pub crypto.PublicKey) string {
	words := signkey.Describe(pub)
	if _, ok := pub.(*ecdsa.PublicKey); ok {
		words += " (verified with LibreOffice and Apache POI; not confirmed in Excel)"
	}
	return words
}

// sayNewKeys says what was made, what to put in the configuration, and what to hand to whom. The certificate is nil when
// one is yet to be asked for.
func (p *program) sayNewKeys(keyPath, otherPath string, key crypto.Signer, c *x509.Certificate) {
	certPath := otherPath
	fmt.Fprintf(p.stdout, "wrote %s: the private key, %s. It is not encrypted: keep it (mode 0600) and its backup from everybody else.\n", keyPath, keyWords(key.Public()))
	if c == nil {
		certPath = filepath.Join(filepath.Dir(keyPath), "rollcall.crt")
		fmt.Fprintf(p.stdout, "wrote %s: the request. Send it to your authority, which must allow digitalSignature or nonRepudiation; put what it sends back, with the chain, into %s.\n", otherPath, certPath)
	} else {
		fmt.Fprintf(p.stdout, "wrote %s: the certificate\n", certPath)
		p.sayCertificate(c)
	}
	fmt.Fprintf(p.stdout, "\nIn %s:\n\n[sign]\nkey = %q\ncertificate = %q\n\n", p.configPath, "file:"+p.fromConfig(keyPath), p.fromConfig(certPath))
	if c == nil {
		fmt.Fprintf(p.stdout, "Then: %s keys show. An auditor needs your authority's certificate to check signatures; never the key.\n", p.name())
		return
	}
	fmt.Fprintf(p.stdout, `Hand the auditor %s, never the key, and tell them the fingerprint some other way, by telephone or on paper: nobody
but you vouches for this certificate. Excel and LibreOffice call it untrusted until it is installed there as trusted; that
is said of the certificate and is no fault of the workbook.
`, certPath)
}

// fromConfig is a path as the configuration file is to name it: relative paths start there.
func (p *program) fromConfig(path string) string {
	dir, err1 := filepath.Abs(filepath.Dir(p.configPath))
	abs, err2 := filepath.Abs(path)
	if errors.Join(err1, err2) != nil {
		return path
	}
	if rel, err := filepath.Rel(dir, abs); err == nil {
		return filepath.ToSlash(rel)
	}
	return abs
}
