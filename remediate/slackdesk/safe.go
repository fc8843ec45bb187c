package slackdesk

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// plain makes text that HR, an app or a person wrote fit to be shown to people as plain text: one line, at most so many
// characters, in which nothing misleads the eye, opens one of Slack's <sequences> or looks like an address to follow.
func plain(s string, most int) string {
	if long := 16 * most; len(s) > long {
		s = s[:long] // of which more than enough is left, and not much is gone through
	}
	var b strings.Builder
	marks := 0
	for _, r := range s {
		if unicode.Is(unicode.M, r) && !unicode.Is(unicode.Variation_Selector, r) {
			if marks++; marks <= 4 { // scripts need a few, pranks use hundreds
				b.WriteRune(r)
			}
			continue
		}
		marks = 0
		switch {
		case r == '<':
			b.WriteRune('‹')
		case r == '>':
			b.WriteRune('›')
		case r == '\n' || r == '\t' || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Variation_Selector):
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	s = strings.Join(strings.Fields(b.String()), " ")
	return clip(strings.ReplaceAll(s, "://", "[:]//"), most)
}

// clip cuts a text to at most so many characters, and shows that it did.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// words is a text object that shows just what it holds: no formatting, no links, no mentions, no emoji.
func words(s string) *slack.TextBlockObject {
	if s == "" {
		s = "(nothing)" // Slack takes no empty text
	}
	return slack.NewTextBlockObject(slack.PlainTextType, clip(s, 3000), false, false)
}

// label is words of a bounded length, for buttons and titles.
func label(s string, most int) *slack.TextBlockObject { return words(clip(s, most)) }
