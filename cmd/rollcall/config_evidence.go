package main

import (
	"time"

	"rollcall/scanner"
	"rollcall/scanner/evidence"
)

// defaultKeepAtLeast is in days: a year of audit, and the time to look at it.
const defaultKeepAtLeast = 400

// evidenceConfig is the section [evidence].
type evidenceConfig struct {
	EncryptTo   []string      `toml:"encrypt_to"`    // age public keys: only their owners can read the sealed inputs
	KeepAtLeast *scanner.Days `toml:"keep_at_least"` // what an auditor asks for
	KeepAtMost  *scanner.Days `toml:"keep_at_most"`  // what privacy asks for; absent: runs are kept for ever
}

func (c *config) evidence(f *tomlFile, e evidenceConfig) {
	least := scanner.Days(defaultKeepAtLeast)
	if e.KeepAtLeast != nil {
		least = *e.KeepAtLeast
	}
	c.KeepAtLeast = int(least)
	if e.KeepAtMost != nil {
		if c.KeepAtMost = time.Duration(*e.KeepAtMost) * 24 * time.Hour; *e.KeepAtMost < least {
			f.problem("evidence.keep_at_most", "[evidence] keep_at_most = %dd is less than keep_at_least (%dd): runs would be taken away that an auditor may still ask for", *e.KeepAtMost, least)
		}
	}
	for _, key := range e.EncryptTo {
		r, err := evidence.ParseRecipient(key)
		if err != nil {
			f.problem("evidence.encrypt_to", "[evidence] %v", err)
			continue
		}
		c.Recipients = append(c.Recipients, r)
	}
}
