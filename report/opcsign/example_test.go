package opcsign_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"time"

	"rollcall/report/opcsign"
)

// A finished package is signed, and verified against the certificate that is known to be the signer's.
func ExampleSign() {
	var (
		file        []byte            // the package
		key         crypto.Signer     // in memory, a token or a key service
		certificate *x509.Certificate // that of the key
	)
	sign := func() error {
		var out bytes.Buffer
		result, err := opcsign.Sign(context.Background(), &out, bytes.NewReader(file), int64(len(file)), opcsign.Options{
			Signer: key, Certificate: certificate, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Comments: "Access review, Q1",
		})
		if err != nil {
			return err
		}
		if result.NoTimestamp != nil {
			fmt.Println(result.NoTimestamp)
		}
		report, err := opcsign.Verify(context.Background(), bytes.NewReader(out.Bytes()), int64(out.Len()), opcsign.VerifyOptions{
			Certificates: []*x509.Certificate{certificate},
		})
		if err != nil {
			return err
		}
		for check := range report.All() {
			fmt.Println(check)
		}
		fmt.Println(report.OK())
		return nil
	}
	fmt.Println(sign())
	// Output: opcsign: sign: a signer and its certificate are needed
}

// A writer that hashes what it writes signs in the same pass: it holds back the content types and the package's
// relationships, and writes what Sign returns last.
func ExampleContent_Sign() {
	content := opcsign.Content{
		Types: []byte("<Types/>"), // what would be written as [Content_Types].xml
		Rels:  map[string][]byte{"_rels/.rels": []byte("<Relationships/>")},

		Digests: map[string]opcsign.Digest{},
	}
	part := func(w io.Writer, name string, data []byte) error {
		sum := sha256.New()
		if _, err := io.MultiWriter(w, sum).Write(data); err != nil {
			return err
		}
		content.Digests[name] = opcsign.Digest(sum.Sum(nil))
		return nil
	}
	if err := part(io.Discard, "xl/workbook.xml", []byte("<workbook/>")); err != nil {
		fmt.Println(err)
	}
	entries, _, err := content.Sign(context.Background(), opcsign.Options{})
	for _, e := range entries {
		fmt.Println(e.Name) // [Content_Types].xml, _rels/.rels, and three of the signature
	}
	fmt.Println(err)
	// Output: opcsign: sign: a signer and its certificate are needed
}
