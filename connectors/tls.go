package connectors

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
)

// TLSTo is how a connector that does not speak HTTP proves that it speaks with a host: TLS 1.2 or later, and a certificate
// for that name from an authority in a PEM file (relative to dir), or from one of the system's where no file is named.
func TLSTo(host, caFile, dir string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	if !filepath.IsAbs(caFile) {
		caFile = filepath.Join(dir, caFile)
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %s: holds no certificate in PEM form", caFile)
	}
	return c, nil
}
