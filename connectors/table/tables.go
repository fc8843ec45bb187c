package table

import (
	"sync"

	"rollcall/connectors"
)

// tables are the packed memory of one pull.
type tables struct {
	ids         index // numbers them, whichever file names them first
	census      census
	grants      side[grant]
	credentials side[connectors.Credential]
}

// spare holds the tables of finished pulls: several apps are read one after another by few workers, and fresh tables
// each would be three quarters of all that a pull allocates.
var spare = sync.Pool{New: func() any { return new(tables) }}

func (p *pull) free() {
	p.tables.ids.reset()
	p.tables.census.reset()
	clear(p.tables.credentials.rows) // what they point to is not kept
	p.tables.grants.reset()
	p.tables.credentials.reset()
	spare.Put(p.tables)
}
