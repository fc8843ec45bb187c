package ledger

import (
	"fmt"
	"sync"
	"testing"

	"rollcall/connectors"
)

// A run pulls its apps side by side, while somebody looks at the ledger and somebody rules.
func TestSeveralAtOnce(t *testing.T) {
	l := begin(t, t.TempDir())
	defer end(t, l)
	var wg sync.WaitGroup
	for n := range 6 {
		app := connectors.AppID(fmt.Sprint("app", n))
		wg.Go(func() {
			for day := range 5 {
				var log GrantLog
				log.Add("a1", "admin")
				if err := l.RecordGrants(app, monday+connectors.Date(day), &log); err != nil {
					t.Error(err)
				}
				if h, err := l.Grants(app); err != nil || h.FirstSeen("a1", "admin") != monday {
					t.Errorf("%s: %v, %v", app, h, err)
				}
			}
		})
		wg.Go(func() {
			if _, err := l.RecordRun(aRun(n, finding(n, app))); err != nil {
				t.Error(err)
			}
			if err := l.Verify(); err != nil {
				t.Error(err)
			}
			if reg, err := l.Register(); err != nil || len(reg) == 0 {
				t.Errorf("register %v, %v", reg, err)
			}
		})
	}
	wg.Wait()
}
