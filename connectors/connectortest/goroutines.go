package connectortest

import (
	"runtime"
	"strings"
)

// own is how the stack of a goroutine that a connector runs, or started, can be told.
const own = "rollcall/connectors/"

// goroutines lists the connectors' goroutines by their header's id. Servers and other tests of a test's own are not
// meant.
func goroutines() map[string]string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	out := map[string]string{}
	for _, stack := range strings.Split(string(buf), "\n\n") {
		server := strings.Contains(stack, "net/http.(*conn).serve")
		test := strings.Contains(stack, "testing.tRunner(")
		if strings.Contains(stack, own) && !server && !test {
			id, _, _ := strings.Cut(stack, " [")
			out[id] = stack
		}
	}
	return out
}

// newGoroutines is the stack of one that was not there before and does not go away when others get to run.
func newGoroutines(before map[string]string) string {
	const patience = 2000
	left := ""
	for range patience {
		left = ""
		for id, stack := range goroutines() {
			if _, was := before[id]; !was {
				left = stack
			}
		}
		if left == "" {
			return ""
		}
		runtime.Gosched()
	}
	return left
}
