package connectors

import "context"

// ChangeTeller is a source that can tell at little cost that something of it has changed. It is a hint to read the source
// sooner, and nothing else: who is gone, how many there are and what follows, only a full pull shows; and that it tells of
// nothing is no evidence that nothing changed.
type ChangeTeller interface {
	Source
	// Changed tells whether anything changed since a mark was given, and gives the mark to ask by next. An empty mark, or one
	// that the service knows no more, gives a new one that begins now; of the latter it is said that something changed.
	Changed(ctx context.Context, since Mark) (next Mark, changed bool, err error)
}

// Mark is up to where the changes of a source are known. What it says is between the source and its service.
type Mark string

// ChangeTellerOf finds what tells of a source's changes, also behind ReadOnly: it changes nothing.
func ChangeTellerOf(s Source) (ChangeTeller, bool) {
	c, ok := behind(s).(ChangeTeller)
	return c, ok
}
