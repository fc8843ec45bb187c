//go:build integration

package opcsign

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// TestIntegrationLibreOffice: LibreOffice shows what is signed here as signed, and what was tampered with as broken.
func TestIntegrationLibreOffice(t *testing.T) {
	need(t, func() bool {
		return program("soffice")() && exec.Command("/usr/bin/python3", "-c", "import uno").Run() == nil && files("/usr/lib/libreoffice/program/libxsec_xmlsec.so")()
	}, "libreoffice-calc", "python3-uno")
	all := samples(t, true)
	args := []string{"testdata/libreoffice/verify.py", t.TempDir()}
	for _, s := range all {
		args = append(args, s.path)
	}
	type verdict struct {
		File       string
		Error      string
		Signatures []struct {
			Valid  bool
			Signer string
		}
	}
	verdicts := map[string]verdict{}
	for line := range strings.Lines(run(t, "/usr/bin/python3", args...)) {
		var v verdict
		if err := json.Unmarshal([]byte(line), &v); err == nil {
			verdicts[v.File] = v
		}
	}
	judge(t, all, func(path string) (bool, string) {
		v := verdicts[path]
		said, _ := json.Marshal(v)
		return len(v.Signatures) == 1 && v.Signatures[0].Valid && strings.Contains(v.Signatures[0].Signer, "Signer"), string(said)
	})
}
