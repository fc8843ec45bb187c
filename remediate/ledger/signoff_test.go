package ledger

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSignOff(t *testing.T) {
	l := begin(t, t.TempDir())
	sum := strings.Repeat("ab", 32)
	_, err := l.RecordRun(Run{ID: "r1", At: noon, AsOf: monday, Actor: "it", ManifestSHA256: sum})
	ok(t, err)
	first := SignOff{Run: "r1", Name: "A. Reviewer", Role: "Head of IT", Statement: "looked through", ManifestSHA256: sum, At: noon, Actor: "areviewer"}
	second := first
	second.Name, second.At = "B. Other", noon.Add(time.Hour)
	ok(t, l.RecordSignOff(first))
	ok(t, l.RecordSignOff(second))
	for what, bad := range map[string]func(*SignOff){
		"another manifest": func(s *SignOff) { s.ManifestSHA256 = strings.Repeat("cd", 32) },
		"no such run":      func(s *SignOff) { s.Run = "r" },
		"no statement":     func(s *SignOff) { s.Statement = "" },
		"nobody":           func(s *SignOff) { s.Actor = "" },
	} {
		s := first
		bad(&s)
		if err := l.RecordSignOff(s); err == nil {
			t.Errorf("%s: signed off", what)
		}
	}
	l = reopen(t, l)
	defer end(t, l)
	list, err := l.SignOffs("r1")
	ok(t, err)
	if !reflect.DeepEqual(list, []SignOff{first, second}) {
		t.Errorf("got %+v", list)
	}
	if list, err := l.SignOffs("r"); err != nil || len(list) > 0 {
		t.Error("another run has them:", list, err)
	}
}

func TestWorkbooks(t *testing.T) {
	l := begin(t, t.TempDir())
	w := Workbook{Run: "r1", SHA256: strings.Repeat("0", 64), What: "of the run", At: noon, Actor: "it"}
	ok(t, l.RecordWorkbook(w))
	l = reopen(t, l)
	defer end(t, l)
	got, err := l.Workbook(w.SHA256)
	ok(t, err)
	if got == nil || *got != w {
		t.Errorf("got %+v", got)
	}
	if got, err := l.Workbook(strings.Repeat("1", 64)); err != nil || got != nil {
		t.Error(got, err)
	}
}

// A head that somebody kept is found again, and no other is taken for it.
func TestHeads(t *testing.T) {
	l := begin(t, t.TempDir())
	defer func() { end(t, l) }()
	var heads []Head
	for i := range 4 {
		h, err := l.Head()
		ok(t, err)
		if h.Seq != uint64(i) {
			t.Fatalf("head %d: %+v", i, h)
		}
		heads = append(heads, h)
		ok(t, l.RecordWorkbook(Workbook{Run: "r", SHA256: hex.EncodeToString([]byte{byte(i)}), At: noon, Actor: "it"}))
	}
	l = reopen(t, l)
	for _, h := range heads {
		for had, x := range map[bool]Head{true: h, false: {h.Ledger, h.Seq + 1, h.Hash}} {
			if got, err := l.HadHead(x); err != nil || got != had {
				t.Errorf("%+v: %v %v", x, got, err)
			}
		}
		if got, _ := l.HadHead(Head{"another", h.Seq, h.Hash}); got {
			t.Error("another ledger's head")
		}
	}
	if got, _ := l.HadHead(Head{l.state, 99, heads[1].Hash}); got {
		t.Error("a head past the end")
	}
}
