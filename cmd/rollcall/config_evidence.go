package main

import "rollcall/scanner/evidence"

// evidenceConfig is the section [evidence].
type evidenceConfig struct {
	EncryptTo []string `toml:"encrypt_to"` // age public keys: only their owners can read the sealed inputs
}

func (c *config) evidence(f *tomlFile, e evidenceConfig) {
	for _, key := range e.EncryptTo {
		r, err := evidence.ParseRecipient(key)
		if err != nil {
			f.problem("evidence.encrypt_to", "[evidence] %v", err)
			continue
		}
		c.Recipients = append(c.Recipients, r)
	}
}
