package scim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// The types here read what servers send where the standard wants a string, a boolean or a list of objects. What they
// cannot make sense of is an error: it is never guessed.

// text is a string; a number is taken as it is written.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		return nil
	case b[0] == '"':
		return json.Unmarshal(b, (*string)(t))
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*t = text(b)
		return nil
	}
	return fmt.Errorf("%s is not a string", short(b))
}

// flag is a boolean that may be missing: Entra writes "True", others 1.
type flag struct{ known, value bool }

func (f *flag) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.TrimSpace(strings.Trim(string(b), `"`))) {
	case "null", "":
		return nil
	case "true", "1":
		*f = flag{known: true, value: true}
		return nil
	case "false", "0":
		*f = flag{known: true}
		return nil
	}
	return fmt.Errorf("%s is neither true nor false", short(b))
}

// value is an element of a multi-valued attribute. Some servers send the bare string.
type value struct {
	Value   text `json:"value"`
	Display text `json:"display"`
	Type    text `json:"type"`
	Ref     text `json:"$ref"`
	Primary flag `json:"primary"`
}

func (v *value) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return v.Value.UnmarshalJSON(b)
	}
	type object value
	return json.Unmarshal(b, (*object)(v))
}

// values is a multi-valued attribute. Some servers send the only element without its list.
type values []value

func (vs *values) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]value)(vs))
	}
	var one value
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*vs = values{one}
	return nil
}

// short is JSON cut to the length of a message.
func short(b []byte) string {
	const most = 60
	if b = bytes.TrimSpace(b); len(b) > most {
		return strings.ToValidUTF8(string(b[:most]), "") + "…"
	}
	return string(b)
}
