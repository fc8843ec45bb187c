//go:build integration

package command

import (
	"os/exec"
	"testing"
)

// TestIntegrationRoomOfTheReadme runs the tests of the example of a Go package that the README tells how to write.
func TestIntegrationRoomOfTheReadme(t *testing.T) {
	if out, err := exec.Command("go", "test", "-count=1", "./testdata/badge").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
