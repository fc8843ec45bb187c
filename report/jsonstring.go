package report

import "rollcall/connectors"

// appendKey appends what comes before a value (a key with its punctuation), then the value as a string.
func appendKey(dst []byte, key, value string) []byte {
	return appendString(append(dst, key...), value)
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte { return connectors.AppendJSON(dst, s) }
