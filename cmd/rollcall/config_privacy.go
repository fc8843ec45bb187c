package main

import (
	"fmt"

	"rollcall/report"
)

// privacyConfig is the section [privacy]: what is kept from whom.
type privacyConfig struct {
	Key          string `toml:"pseudonym_key"` // reference of the key that pseudonyms are made with
	Pseudonymous bool   `toml:"pseudonymous"`  // workbooks name nobody, unless somebody asks for names
	SignInTimes  *bool  `toml:"sign_in_times"` // false: nothing reads, keeps or judges when anybody signed in or used something
}

func (c *config) privacy(f *tomlFile, p privacyConfig) {
	c.Privacy = p
	switch {
	case p.Key != "" && !isReference(p.Key):
		f.problem("privacy.pseudonym_key", "[privacy] pseudonym_key: %v", errLiteralSecret)
	case p.Pseudonymous && p.Key == "":
		f.problem("privacy.pseudonymous", "[privacy] pseudonymous = true wants pseudonym_key: name where the key is kept, such as \"file:keys/pseudonyms.key\"; to make one: openssl rand -hex 32")
	}
}

// noSignIns tells that sign-in times are neither read nor kept.
func (p *privacyConfig) noSignIns() bool { return p.SignInTimes != nil && !*p.SignInTimes }

// pseudonyms reads the key that pseudonyms are made with.
func (c *config) pseudonyms() (*report.Pseudonyms, error) {
	if c.Privacy.Key == "" {
		return nil, fmt.Errorf("a pseudonymous workbook wants [privacy] pseudonym_key in %s: name where the key is kept; to make one: openssl rand -hex 32", c.Path)
	}
	key, err := textSecret(c.secret)(c.Privacy.Key)
	if err != nil {
		return nil, fmt.Errorf("[privacy] pseudonym_key: %w", err)
	}
	names, err := report.NewPseudonyms([]byte(key))
	if err != nil {
		return nil, fmt.Errorf("[privacy] pseudonym_key: %w", err)
	}
	return names, nil
}

// workbookNames are the pseudonyms that a workbook uses unless somebody asks otherwise; nil: it names people.
func (c *config) workbookNames() (*report.Pseudonyms, error) {
	if !c.Privacy.Pseudonymous {
		return nil, nil
	}
	return c.pseudonyms()
}
