//go:build integration

package opcsign

import (
	"crypto/x509"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// officeSays is a line of testdata/libreoffice/office.py.
type officeSays struct {
	File       string
	Error      string
	Signatures []struct {
		Valid  bool
		Signer string
	}
}

// office has LibreOffice verify or sign files, with the certificates of an NSS folder.
func office(t *testing.T, nss, command string, paths ...string) map[string]officeSays {
	t.Helper()
	need(t, func() bool {
		return program("soffice")() && exec.Command("/usr/bin/python3", "-c", "import uno").Run() == nil && files("/usr/lib/libreoffice/program/libxsec_xmlsec.so")()
	}, "libreoffice-calc", "python3-uno")
	cmd := exec.Command("/usr/bin/python3", append([]string{"testdata/libreoffice/office.py", command, t.TempDir()}, paths...)...)
	cmd.Env = append(os.Environ(), "MOZILLA_CERTIFICATE_FOLDER=sql:"+nss)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("LibreOffice: %v\n%s", err, out)
	}
	says := map[string]officeSays{}
	for line := range strings.Lines(string(out)) {
		var v officeSays
		if err := json.Unmarshal([]byte(line), &v); err == nil {
			says[v.File] = v
		}
	}
	return says
}

// certificates makes an NSS folder that holds one key with its certificate, or none.
func certificates(t *testing.T, ids ...identity) string {
	t.Helper()
	need(t, program("certutil", "pk12util", "openssl"), "libnss3-tools", "openssl")
	dir := t.TempDir()
	run(t, "certutil", "-N", "-d", "sql:"+dir, "--empty-password")
	for _, id := range ids {
		key, cert := write(t, dir, "key.pem", keyPEM(id)), write(t, dir, "cert.pem", pemOf("CERTIFICATE", id.cert.Raw))
		run(t, "openssl", "pkcs12", "-export", "-in", cert, "-inkey", key, "-out", dir+"/key.p12", "-passout", "pass:", "-name", "signer")
		run(t, "pk12util", "-i", dir+"/key.p12", "-d", "sql:"+dir, "-W", "")
	}
	return dir
}

// TestIntegrationLibreOffice: LibreOffice shows what is signed here as signed, and what was tampered with as broken.
func TestIntegrationLibreOffice(t *testing.T) {
	all := samples(t, true)
	var paths []string
	for _, s := range all {
		paths = append(paths, s.path)
	}
	says := office(t, certificates(t), "verify", paths...)
	judge(t, all, func(path string) (bool, string) {
		v := says[path]
		said, _ := json.Marshal(v)
		return len(v.Signatures) == 1 && v.Signatures[0].Valid && strings.Contains(v.Signatures[0].Signer, "Signer"), string(said)
	})
}

// TestIntegrationLibreOfficeSigns: what LibreOffice signs is accepted here, with the note that it is not quite the standard's.
func TestIntegrationLibreOfficeSigns(t *testing.T) {
	id := newIdentity("LibreOffice's signer", rsaID().key, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now().AddDate(0, 0, -1), now().AddDate(0, 0, 1) })
	dir := t.TempDir()
	paths := []string{write(t, dir, "hand.xlsx", pack(t, handmade())), write(t, dir, "excelize.xlsx", excelBook(t))}
	says := office(t, certificates(t, id), "sign", paths...)
	for _, path := range paths {
		if says[path].Error != "" {
			t.Fatalf("it does not sign: %s", says[path].Error)
		}
		data := must(os.ReadFile(path))
		if r := verified(t, data, id.trusted()); !r.OK() || !strings.Contains(reportText(r), "digested as LibreOffice 7 does") {
			t.Error(reportText(r))
		}
		e := replace(t, unpack(t, data), "_rels/.rels", "xl/workbook.xml", "xl/other.xml")
		if r := verified(t, pack(t, e), id.trusted()); r.OK() || !strings.Contains(reportText(r), "relationships: fails: /_rels/.rels") {
			t.Errorf("a redirected relationship:\n%s", reportText(r))
		}
	}
}
