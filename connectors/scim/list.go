package scim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"

	"rollcall/connectors"
)

// record is one resource of a list.
type record struct {
	raw   []byte
	where connectors.Where
}

var (
	errUnsteady = errors.New("the list is not steady")
	errStopped  = errors.New("the consumer wants no more")
)

// list yields every resource at path once, then gives the total and the end marker. A list that turns out to have
// changed under the reading is read a second time, for what the first reading missed.
func (s *server) list(ctx context.Context, t connectors.Trace, c connectors.Collection, path string) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		l := &list{server: s, trace: t, coll: c, path: path, seen: map[string]int{}, yield: yield}
		err := l.read(ctx)
		if errors.Is(err, errUnsteady) {
			t.Note(c, path[1:]+" changed while they were read, and were read a second time")
			err = l.read(ctx)
		}
		switch {
		case errors.Is(err, errStopped):
		case errors.Is(err, errUnsteady):
			yield(record{}, fmt.Errorf("%s: twice, %w: run it again when nothing is being changed", s.app.base+path, err))
		case err != nil:
			yield(record{}, err)
		default:
			if l.total == l.yielded {
				t.Total(c, l.total)
			}
			t.End(c)
		}
	}
}

// list is the reading of one list.
type list struct {
	*server
	trace   connectors.Trace
	coll    connectors.Collection
	path    string
	yield   func(record, error) bool
	seen    map[string]int // by key, the pass that saw a resource last
	pass    int
	yielded int

	// of this pass
	at     int    // resources read so far
	pages  int    // pages with resources
	total  int    // as the first page told it; -1 = not told
	shifts bool   // a later page told another total
	ofPage bool   // every page told its own length as the total
	first  string // key of the first resource
}

// read makes one pass. It returns nil only if it saw the end of the list.
func (l *list) read(ctx context.Context) error {
	l.pass++
	l.at, l.pages, l.total, l.shifts, l.ofPage, l.first = 0, 0, -1, false, true, ""
	if l.cursors {
		return l.byCursor(ctx)
	}
	return l.byIndex(ctx)
}

func (l *list) ref(param, value string) string {
	return l.path + "?" + param + "=" + url.QueryEscape(value) + "&count=" + strconv.Itoa(l.pageSize)
}

// byIndex reads on from where the pass is. A total that was reached is no end, since some servers tell the length of
// the page: only an answer that brings nothing more is.
func (l *list) byIndex(ctx context.Context) error {
	for {
		p, err := l.fetch(ctx, l.trace, l.coll, l.ref("startIndex", strconv.Itoa(l.at+1)))
		if err != nil {
			return err
		}
		if len(p.resources) == 0 {
			if l.pages == 0 || p.total > max(l.total, l.at) {
				l.total = p.total
			}
			return l.end(ctx)
		}
		known := l.known(p)
		switch {
		case known == len(p.resources) && l.total >= 0 && l.at >= l.total:
			return l.wrapped(ctx) // asked for what is past the end, some servers begin again
		case known == len(p.resources):
			return fmt.Errorf("%s: the server gives the same page for startIndex=%d as before: its list cannot be read", l.app.base+l.path, l.at+1)
		}
		if err := l.take(ctx, p); err != nil {
			return err
		}
	}
}

// byCursor follows nextCursor until there is none.
func (l *list) byCursor(ctx context.Context) error {
	const emptyPages = 100 // in a row: a server that goes on like that never ends
	followed, empty := map[string]bool{}, 0
	for cursor := ""; ; {
		p, err := l.fetch(ctx, l.trace, l.coll, l.ref("cursor", cursor))
		if err != nil {
			return err
		}
		if err := l.take(ctx, p); err != nil {
			return err
		}
		if empty++; len(p.resources) > 0 {
			empty = 0
		}
		switch {
		case p.next == "" && cursor == "" && (p.startIndex || p.total > l.at):
			return l.byIndex(ctx) // it offers cursors and does not know them
		case p.next == "":
			return l.end(ctx)
		case followed[p.next] || empty > emptyPages:
			return fmt.Errorf("%s: the server's cursors lead in a circle: its list cannot be read", l.app.base+l.path)
		}
		followed[p.next] = true
		cursor = p.next
	}
}

// known counts the resources of a page that this pass has had.
func (l *list) known(p page) int {
	n := 0
	for _, r := range p.resources {
		if l.seen[r.key()] == l.pass {
			n++
		}
	}
	return n
}

// take yields the resources of a page that no earlier pass has yielded.
func (l *list) take(ctx context.Context, p page) error {
	fresh := make([]bool, len(p.resources))
	for i, r := range p.resources {
		seen := l.seen[r.key()]
		if r.id != "" && seen == l.pass {
			return fmt.Errorf("%w: %q came twice", errUnsteady, r.id)
		}
		fresh[i] = seen == 0 || l.pass == 1
		l.seen[r.key()] = l.pass
	}
	from := l.at
	l.count(p)
	for i, r := range p.resources {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", l.app.base+l.path, err)
		}
		if !fresh[i] {
			continue
		}
		l.yielded++
		if !l.yield(record{r.raw, connectors.Where{Source: l.app.base + l.path, Line: from + i + 1}}, nil) {
			return errStopped
		}
	}
	return nil
}

func (l *list) count(p page) {
	if len(p.resources) == 0 {
		return
	}
	if l.pages == 0 {
		l.total, l.first = p.total, p.resources[0].key()
	}
	l.pages++
	l.at += len(p.resources)
	l.shifts = l.shifts || p.total >= 0 && p.total != l.total
	l.ofPage = l.ofPage && p.total == len(p.resources)
}

// end judges a list that brings nothing more.
func (l *list) end(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", l.app.base+l.path, err)
	}
	if l.ofPage && l.pages == 1 && l.app.vendor.totalIsPage {
		return l.wrapped(ctx)
	}
	return l.tally()
}

// tally holds what came against the total that was told.
func (l *list) tally() error {
	switch {
	case l.ofPage && l.pages > 1:
		l.trace.Note(l.coll, "totalResults is the length of the page here: the end was found by asking until nothing more came")
		l.total = -1
		return nil
	case l.shifts:
		return fmt.Errorf("%w: totalResults changed from page to page", errUnsteady)
	case l.total >= 0 && l.total != l.at:
		return fmt.Errorf("%w: totalResults is %d, but %d came", errUnsteady, l.total, l.at)
	}
	return nil
}

// wrapped judges a list whose only sign of an end is that its first resources come again, or a server whose total
// cannot be trusted: if startIndex means nothing to it, there may be more than it ever gives.
func (l *list) wrapped(ctx context.Context) error {
	if l.pages > 1 || l.at < 2 {
		return l.tally() // startIndex led to other pages before
	}
	p, err := l.fetch(ctx, l.trace, l.coll, l.path+"?startIndex=2&count=1")
	if err != nil {
		return err
	}
	heeded := len(p.resources) > 0 && p.resources[0].key() != l.first
	if heeded || p.total == l.at && !l.app.vendor.totalIsPage {
		return l.tally()
	}
	return fmt.Errorf("%s: the server gives its first page whatever startIndex is, and no total to hold that against: "+
		"whether %d is all cannot be known; read this app by another kind of source", l.app.base+l.path, l.at)
}
