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
	c.report(500)
}
