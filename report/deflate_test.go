package report

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// deflated compresses streams with one deflater, in writes of odd sizes.
func deflated(t *testing.T, cores int, streams ...[]byte) (out [][]byte) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	d := newDeflater()
	r := rand.New(rand.NewPCG(uint64(cores), 1))
	for _, s := range streams {
		var b bytes.Buffer
		w := d.reset(&b)
		for len(s) > 0 {
			n := min(len(s), 1+r.IntN(2*blockBytes))
			if _, err := w.Write(s[:n]); err != nil {
				t.Fatal(err)
			}
			s = s[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Bytes())
	}
	return out
}

// The bytes of a file depend neither on the number of cores nor on what was compressed before, and any reader of deflate
// gets back what went in.
func TestDeflateIsDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	random := make([]byte, 3*blockBytes)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	var rows strings.Builder
	for rows.Len() < 5*blockBytes {
		rows.WriteString(strings.Repeat(" ", r.IntN(9)) + "<c r=\"A1\" s=\"3\"><v>" + strings.Repeat("7", r.IntN(5)) + "</v></c>")
	}
	streams := [][]byte{nil, []byte("a"), random[:blockBytes], []byte(rows.String()), random, []byte(rows.String()[:3*blockBytes+1]), []byte(rows.String()), nil}
	want := deflated(t, 1, streams...)
	if !bytes.Equal(want[3], want[6]) {
		t.Error("the same stream gave other bytes when it came again")
	}
	for _, cores := range []int{2, 3, 8} {
		for i, got := range deflated(t, cores, streams...) {
			if !bytes.Equal(got, want[i]) {
				t.Errorf("stream %d: %d cores give other bytes", i, cores)
			}
		}
	}
	for i, b := range want {
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(b)))
		if err != nil || !bytes.Equal(got, streams[i]) {
			t.Errorf("stream %d came back as %d bytes, %v", i, len(got), err)
		}
	}
}

// A writer that fails is told of at the next chance, and nothing hangs.
func TestDeflateSaysThatItCouldNotWrite(t *testing.T) {
	d := newDeflater()
	w := d.reset(&failing{left: 1000})
	_, err := w.Write(make([]byte, 40*blockBytes))
	if cerr := w.Close(); err == nil && cerr == nil {
		t.Error("a full disk was not noticed")
	}
}

// The sums a signature wants are those of the parts' bytes, and cost the file nothing.
func TestSumsOfParts(t *testing.T) {
	var plain, summed bytes.Buffer
	for _, out := range []*bytes.Buffer{&plain, &summed} {
		p := newPack(out, out == &summed)
		w, err := p.create("xl/one.xml")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, strings.Repeat("rows", blockBytes))
		if err := p.finish(parts{"two.xml": bytes.NewBufferString("<two/>")}, nil); err != nil {
			t.Fatal(err)
		}
		if out == &plain {
			continue
		}
		for name, text := range map[string]string{"xl/one.xml": strings.Repeat("rows", blockBytes), "two.xml": "<two/>"} {
			want := sha256.Sum256([]byte(text))
			if got := hex.EncodeToString(p.sums[name].Sum(nil)); got != hex.EncodeToString(want[:]) {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
	if !bytes.Equal(plain.Bytes(), summed.Bytes()) {
		t.Error("the file changed because sums were taken")
	}
}
