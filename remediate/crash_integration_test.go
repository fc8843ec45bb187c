//go:build integration

package remediate_test

import (
	"testing"

	"rollcall/remediate"
)

// TestIntegrationCrash is TestCrash at every boundary, and with at least 500 programs killed.
func TestIntegrationCrash(t *testing.T) {
	c := &crasher{t: t, ended: map[remediate.State]int{}}
	c.boundaries(1)
	for first := uint64(1); c.killed < 520 && !t.Failed(); first += 10 {
		c.storms(first, 10)
	}
	c.report()
	for _, s := range []remediate.State{remediate.Confirmed, remediate.Failed, remediate.Drifted} {
		if c.ended[s] == 0 {
			t.Errorf("no case ended as %s: the faults do not reach it", s)
		}
	}
}
