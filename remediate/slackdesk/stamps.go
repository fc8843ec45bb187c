package slackdesk

import (
	"cmp"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// More decisions than stampMost within stampTime are faster than anybody reads.
const (
	stampMost = 20
	stampTime = time.Minute
)

// Stamp is a stretch in which somebody decided faster than anybody reads.
type Stamp struct {
	Person   connectors.PersonID
	Cases    int
	From, To time.Time
}

// Stamps finds rubber stamps: people who decided more than 20 cases in less than 60 seconds. The report notes them; nothing
// else follows.
func Stamps(cases []*remediate.Case) (list []Stamp) {
	by := map[connectors.PersonID][]time.Time{}
	for _, c := range cases {
		if d := c.Decision; d != nil && d.By.Somebody() {
			by[d.By.Person] = append(by[d.By.Person], d.At)
		}
	}
	for person, at := range by {
		slices.SortFunc(at, time.Time.Compare)
		for i := 0; i+stampMost < len(at); i++ {
			if at[i+stampMost].Sub(at[i]) >= stampTime {
				continue
			}
			j := i + stampMost
			for j+1 < len(at) && at[j+1].Sub(at[j+1-stampMost]) < stampTime {
				j++
			}
			list = append(list, Stamp{person, j - i + 1, at[i], at[j]})
			i = j
		}
	}
	slices.SortFunc(list, func(a, b Stamp) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Person, b.Person)) })
	return list
}
