package table

import "rollcall/connectors"

// peopleBatch is some rows of the roster that follow one another, and what is to be told the trace between them. It is the
// Trace of the goroutine that fills it.
type peopleBatch struct {
	people []judged
	said   []saying
}

// judged is a row that is used or, refused, one that only tells that there is such a person.
type judged struct {
	connectors.Person
	fold    uint64
	refused bool
}

// saying is one call of a Trace, before the person of that place in the batch.
type saying struct {
	before int
	say    func(connectors.Trace)
}

// more makes room for one more row.
func (b *peopleBatch) more() *judged {
	b.people = append(b.people, judged{})
	return &b.people[len(b.people)-1]
}

func (b *peopleBatch) drop() { b.people = b.people[:len(b.people)-1] }

func (b *peopleBatch) clear() { b.people, b.said = b.people[:0], b.said[:0] }

// each goes through the batch in the order of the rows, until use is false.
func (b *peopleBatch) each(t connectors.Trace, use func(*judged) bool) bool {
	said := b.said
	for i := 0; ; i++ {
		for ; len(said) > 0 && said[0].before <= i; said = said[1:] {
			said[0].say(t)
		}
		if i == len(b.people) {
			return true
		}
		if !use(&b.people[i]) {
			return false
		}
	}
}

func (b *peopleBatch) later(say func(connectors.Trace)) {
	b.said = append(b.said, saying{len(b.people), say})
}

func (b *peopleBatch) Page(c connectors.Collection, p connectors.Page) {
	b.later(func(t connectors.Trace) { t.Page(c, p) })
}

func (b *peopleBatch) Reject(c connectors.Collection, w connectors.Where, err error) {
	b.later(func(t connectors.Trace) { t.Reject(c, w, err) })
}

func (b *peopleBatch) Total(c connectors.Collection, n int) {
	b.later(func(t connectors.Trace) { t.Total(c, n) })
}

func (b *peopleBatch) End(c connectors.Collection) { b.later(func(t connectors.Trace) { t.End(c) }) }

func (b *peopleBatch) Note(c connectors.Collection, s string) {
	b.later(func(t connectors.Trace) { t.Note(c, s) })
}
