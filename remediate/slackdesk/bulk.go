package slackdesk

import (
	"context"
	"fmt"
	"slices"

	"rollcall/remediate"
)

// removeAll decides to remove each case of one rule in one app that still waits on a card. Each is judged by itself; what the
// speaker may not decide, and what takes two people, is left.
func (d *Desk) removeAll(ctx context.Context, p *press, s *scene, people People) {
	if r := p.place(s, d.deps.Now()); r != nil {
		d.tellRefused(ctx, p, s, r)
		return
	}
	if r := s.Speaker.stands(s.Team); r != nil {
		d.tellRefused(ctx, p, s, r)
		return
	}
	if err := d.adopt(s.Card, p); err != nil {
		d.fails(ctx, p, err)
		return
	}
	ids := make([]string, 0, len(s.Button.Cases))
	for id := range s.Button.Cases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	done, left := 0, 0
	for _, id := range ids {
		one := *s
		one.Item = s.Button.Cases[id]
		if err := d.about(&one, people, id); err != nil {
			d.fails(ctx, p, err)
			return
		}
		if r := judge(p, &one, d.deps.Now()); r != nil || Two(one.Case) {
			left++
			if r != nil {
				d.refuse(p, r)
			}
			continue
		}
		decided, err := d.decide(ctx, p, &one, remediate.Verdict{Remove: true, Why: "Remove all: " + removing(one.Case)})
		if err != nil {
			d.fails(ctx, p, err)
			return
		}
		if decided {
			done++
		}
	}
	if left > 0 {
		d.whisper(ctx, p.Channel, p.User, fmt.Sprintf("%d decided. %d were left: decided already, changed since, or not yours to decide.", done, left))
	}
}
