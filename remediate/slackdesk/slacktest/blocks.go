package slacktest

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The parts of blocks that are looked at.
type (
	text struct {
		Type, Text string
		Emoji      *bool
	}
	element struct {
		Type     string
		ActionID string `json:"action_id"`
		Value    string
		Text     json.RawMessage
		Confirm  *struct{ Title, Text, Confirm, Deny text }
		Options  []struct {
			Text  text
			Value string
		}
	}
	block struct {
		Type      string
		BlockID   string `json:"block_id"`
		Text      *text
		Accessory *element
		Elements  []element
		Label     *text
		Element   *element
	}
)

// invalid says why Slack would refuse the blocks of a message, by the limits it documents; empty: it would not.
func invalid(raw json.RawMessage) string { return check(raw, 50) }

func check(raw json.RawMessage, most int) string {
	var list []block
	if err := json.Unmarshal(raw, &list); err != nil {
		return err.Error()
	}
	if len(list) == 0 || len(list) > most {
		return fmt.Sprintf("%d blocks", len(list))
	}
	ids := map[string]bool{}
	for i, b := range list {
		if b.BlockID != "" && ids[b.BlockID] || len(b.BlockID) > 255 {
			return fmt.Sprintf("block %d: its id %q is there already, or too long", i, b.BlockID)
		}
		ids[b.BlockID] = true
		limit := map[string]int{"header": 150, "section": 3000}[b.Type]
		if b.Text != nil && (b.Text.Text == "" || utf8.RuneCountInString(b.Text.Text) > limit) {
			return fmt.Sprintf("block %d: a %s of %d characters", i, b.Type, utf8.RuneCountInString(b.Text.Text))
		}
		if most := map[string]int{"actions": 25, "context": 10}[b.Type]; len(b.Elements) > most {
			return fmt.Sprintf("block %d: %d elements", i, len(b.Elements))
		}
		elements := b.Elements
		for _, e := range []*element{b.Accessory, b.Element} {
			if e != nil {
				elements = append(elements, *e)
			}
		}
		for _, e := range elements {
			if bad := e.invalid(); bad != "" {
				return fmt.Sprintf("block %d: %s", i, bad)
			}
		}
	}
	return ""
}

func (e *element) invalid() string {
	if e.Type == "static_select" {
		for _, o := range e.Options {
			if n := utf8.RuneCountInString(o.Text.Text); o.Text.Type != "plain_text" || n == 0 || n > 75 || o.Value == "" || len(o.Value) > 150 {
				return "an option's text or value is empty, too long or no plain text"
			}
		}
		if n := len(e.Options); n == 0 || n > 100 {
			return fmt.Sprintf("a menu of %d options", n)
		}
	}
	if e.Type != "button" {
		return ""
	}
	var t text
	json.Unmarshal(e.Text, &t)
	switch {
	case t.Type != "plain_text" || t.Text == "" || utf8.RuneCountInString(t.Text) > 75:
		return "a button's text is empty, too long or no plain text"
	case len(e.Value) > 2000 || len(e.ActionID) > 255 || e.ActionID == "":
		return "a button's value or action_id is too long"
	case e.Confirm == nil:
		return ""
	}
	c := e.Confirm
	for what, x := range map[string]struct {
		t    text
		most int
	}{"title": {c.Title, 100}, "text": {c.Text, 300}, "confirm": {c.Confirm, 30}, "deny": {c.Deny, 30}} {
		if x.t.Text == "" || utf8.RuneCountInString(x.t.Text) > x.most {
			return "a confirm dialog's " + what + " is empty or too long"
		}
	}
	return ""
}

func invalidView(raw json.RawMessage) string {
	var v struct {
		Type, CallbackID     string
		Title, Submit, Close text
		Metadata             string `json:"private_metadata"`
		Blocks               json.RawMessage
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return err.Error()
	}
	for _, t := range []text{v.Title, v.Submit, v.Close} {
		if n := utf8.RuneCountInString(t.Text); n == 0 || n > 24 {
			return fmt.Sprintf("%q has %d characters", t.Text, n)
		}
	}
	if v.Type != "modal" || len(v.Metadata) > 3000 {
		return "no modal, or too much metadata"
	}
	return check(v.Blocks, 100)
}

// texts are all words in blocks, one a line.
func texts(raw json.RawMessage) string {
	var any any
	json.Unmarshal(raw, &any)
	var b strings.Builder
	gather(any, &b)
	return b.String()
}

func gather(x any, b *strings.Builder) {
	switch x := x.(type) {
	case []any:
		for _, y := range x {
			gather(y, b)
		}
	case map[string]any:
		if s, ok := x["text"].(string); ok {
			b.WriteString(s + "\n")
		}
		for _, k := range []string{"text", "label", "elements", "accessory", "element", "hint"} {
			if _, ok := x[k].(string); !ok {
				gather(x[k], b)
			}
		}
	}
}

// Button is a button on a message.
type Button struct {
	Action, Block, Value, Label string
}

// Buttons gives the buttons of a message, from top to bottom.
func (m Message) Buttons() (list []Button) {
	var blocks []block
	json.Unmarshal(m.Blocks, &blocks)
	for _, b := range blocks {
		elements := b.Elements
		if b.Accessory != nil {
			elements = append(elements, *b.Accessory)
		}
		for _, e := range elements {
			if e.Type == "button" {
				var t text
				json.Unmarshal(e.Text, &t)
				list = append(list, Button{e.ActionID, b.BlockID, e.Value, t.Text})
			}
		}
	}
	return list
}

// Sections gives the words of each section, from top to bottom.
func (m Message) Sections() (list []string) {
	var blocks []block
	json.Unmarshal(m.Blocks, &blocks)
	for _, b := range blocks {
		if b.Type == "section" && b.Text != nil {
			list = append(list, b.Text.Text)
		}
	}
	return list
}
