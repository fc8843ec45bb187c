package connectors

import "testing"

func TestDateIsWrittenAsTimeWritesIt(t *testing.T) {
	for d := Date(-719200); d < 2932950; d++ {
		if got, want := string(d.AppendTo(nil)), d.Time().Format(dateLayout); got != want {
			t.Fatalf("%d: %s, want %s", int32(d), got, want)
		}
	}
}
