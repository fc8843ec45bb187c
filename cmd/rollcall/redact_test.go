package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Of a webhook a run keeps the host alone, however its address is written; the run is replayed all the same.
func TestARunKeepsNoWebhook(t *testing.T) {
	for name, section := range map[string]string{
		"as people write it": "[notify]\nwebhook = \"https://hooks.example/services/SECRET?x=SECRET\" # of the team\nsecret = \"env:A\"\n# webhook = 'https://old.example/SECRET'\n[witness]\nwebhook='https://audit.example/SECRET'\n",
		"in one line":        "notify = { \"webhook\" = \"https://hooks.example/services/SECRET\", secret = \"env:A\" }\n",
		"with an escape":     "[notify]\nwebhook = \"https://hooks.example/services\\u002fSECRET\"\nsecret = \"env:A\"\n",
		"in many quotes":     "[notify]\nwebhook = \"\"\"\nhttps://hooks.example/services/SECRET\"\"\"\nsecret = \"env:A\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, "report")
			s.secrets = map[string]string{"A": "a long enough secret"}
			config := s.read("rollcall.toml")
			s.write("rollcall.toml", section+config)
			if strings.HasPrefix(section, "[") {
				s.write("rollcall.toml", config+section)
			}
			s.rollcall(0, "", "scan", "-q", "--no-workbook")
			kept, err := filepath.Glob(filepath.Join(s.dir, "state", "runs", "*", configName))
			if err != nil || len(kept) != 1 {
				t.Fatal(kept, err)
			}
			text, err := os.ReadFile(kept[0])
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "SECRET") || !strings.Contains(string(text), "https://hooks.example/… (SHA-256 ") || !strings.Contains(string(text), "people.csv") {
				t.Errorf("the run kept\n%s", text)
			}
			s.says(s.rollcall(0, "", "replay"), "the same, byte for byte")
		})
	}
}
