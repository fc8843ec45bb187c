package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/scanner"
	"rollcall/scanner/scannertest"
)

// folder is a run's folder in memory.
type folder struct {
	mu    sync.Mutex
	files map[string]*bytes.Buffer
}

func newFolder() *folder { return &folder{files: map[string]*bytes.Buffer{}} }

func (f *folder) create(name string) (io.WriteCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files[name] != nil {
		return nil, fmt.Errorf("%s is made twice", name)
	}
	f.files[name] = &bytes.Buffer{}
	return closer{f.files[name]}, nil
}

func (f *folder) open(name string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.files[name]
	if b == nil {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(b.Bytes())), nil
}

type closer struct{ io.Writer }

func (closer) Close() error { return nil }

// past is a history with an answer to every question.
type past struct {
	scanner.NoHistory
	c        *scannertest.Company
	register map[scanner.FindingID]scanner.Seen
}

func (p past) Roster() (*scanner.RosterFacts, error) {
	return &scanner.RosterFacts{AsOf: p.c.AsOf - 1, Records: len(p.c.Roster), Employed: 1, Blank: map[string]int{"status": 1}, SHA256: "aa"}, nil
}
func (p past) Pull(app connectors.AppID) (*scanner.PullFacts, error) {
	return &scanner.PullFacts{AsOf: p.c.AsOf - 1, Accounts: 3, Enabled: 2, Rights: 1}, nil
}
func (p past) Roles() (map[connectors.PersonID][]scanner.SeenRole, error) {
	roles := map[connectors.PersonID][]scanner.SeenRole{}
	for i := range p.c.Roster {
		if r := &p.c.Roster[i]; i%3 == 0 {
			roles[r.ID] = []scanner.SeenRole{{On: p.c.AsOf - 400, Role: "R-OLD", Department: "D", Title: "\"T\"\n"}, {On: p.c.AsOf - 90, Role: r.Role}}
		}
	}
	return roles, nil
}
func (p past) Missing() (map[connectors.PersonID]int, error) {
	return map[connectors.PersonID]int{"E-gone": 2, "E-away": 1}, nil
}
func (p past) Links() ([]scanner.Link, error) {
	a := &p.c.Apps[0]
	return []scanner.Link{{App: a.ID, Account: a.Accounts[0].ID, Person: p.c.Roster[1].ID, Actor: "it", On: p.c.AsOf - 5, Evidence: "asked"},
		{App: a.ID, Account: a.Accounts[1].ID, Person: p.c.Roster[2].ID, Not: true, Actor: "it", On: p.c.AsOf - 5, Evidence: "asked"}}, nil
}
func (p past) Rulings() ([]scanner.Ruling, error) {
	a := &p.c.Apps[1]
	return []scanner.Ruling{{Because: "class", App: a.ID, Account: a.Accounts[2].ID, Class: "service", Actor: "it", On: p.c.AsOf - 7}}, nil
}
func (p past) Removals() ([]scanner.Removal, error) {
	a := &p.c.Apps[2]
	return []scanner.Removal{{App: a.ID, Account: a.Accounts[0].ID, On: p.c.AsOf - 30, Case: "c1"}, {App: a.ID, Account: a.Accounts[3].ID, On: p.c.AsOf - 30, Case: "c2"}}, nil
}
func (p past) Register() (map[scanner.FindingID]scanner.Seen, error) { return p.register, nil }
func (p past) Grants(app connectors.AppID) (scanner.GrantHistory, error) {
	return seenSince{p.c.AsOf - 500}, nil
}

type seenSince struct{ on connectors.Date }

func (s seenSince) Since() connectors.Date { return s.on }
func (s seenSince) FirstSeen(a connectors.AccountID, e connectors.EntitlementID) connectors.Date {
	return s.on + connectors.Date(len(a)*7+len(e))
}

func company(t testing.TB, seed uint64) *scannertest.Company {
	t.Helper()
	c, err := scannertest.New(scannertest.Options{People: 150, Apps: 8, Seed: seed, Noise: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func scan(t testing.TB, in scanner.Input) *scanner.Result {
	t.Helper()
	res, err := scanner.Scan(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// sealAndScan scans a company through a seal.
func sealAndScan(t testing.TB, in scanner.Input, to Recipients) (*folder, *scanner.Result) {
	t.Helper()
	f := newFolder()
	s := New(f.create, to)
	sealedIn, err := s.Input(in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealedIn.History.Register(); err != nil {
		t.Fatal(err)
	}
	res := scan(t, sealedIn)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return f, res
}

func replay(t testing.TB, f *folder, like scanner.Input, ids Identities) *scanner.Result {
	t.Helper()
	p, err := Replay(f.open, ids)
	if err != nil {
		t.Fatal(err)
	}
	in := p.Input
	in.Policy, in.Workers, in.Clock = like.Policy, 1, like.Clock
	res := scan(t, in)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return res
}

// alike compares what two scans say, all of it but where to find a person.
func alike(t *testing.T, got, want *scanner.Result) {
	t.Helper()
	g, w := *got, *want
	g.Who, w.Who = nil, nil
	for name, pair := range map[string][2]any{"findings": {g.Findings, w.Findings}, "sources": {g.Sources, w.Sources}, "notes": {g.Notes, w.Notes},
		"untrusted": {g.Untrusted, w.Untrusted}, "not judged": {g.NotJudged, w.NotJudged}, "accepted": {g.Accepted, w.Accepted}, "roster": {g.Roster, w.Roster}} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s differ:\n%.2000v\nwant\n%.2000v", name, pair[0], pair[1])
		}
	}
}

func TestReplayFindsTheSame(t *testing.T) {
	for seed := range uint64(4) {
		c := company(t, seed)
		in := c.Input()
		in.History = past{c: c, register: map[scanner.FindingID]scanner.Seen{"f-1": {First: 20000, Last: 20001, Times: 3, Open: true, Backlog: true}}}
		if plain, without := scan(t, in), scan(t, c.Input()); reflect.DeepEqual(plain.Findings, without.Findings) {
			t.Fatal("the history makes no difference: the test shows nothing about it")
		}
		f, res := sealAndScan(t, in, nil)
		alike(t, res, scan(t, in)) // sealing itself changes nothing
		alike(t, replay(t, f, in, nil), res)
		p, _ := Replay(f.open, nil)
		if got, _ := p.Input.History.Register(); !reflect.DeepEqual(got, in.History.(past).register) {
			t.Errorf("the register is %v", got)
		}
	}
}

// What a pull says of itself is replayed too: rows left out, a failure in the middle, a list without its end.
func TestReplayKeepsWhatWasWrong(t *testing.T) {
	c := company(t, 7)
	in := c.Input()
	ids := []connectors.AccountID{c.Apps[0].Accounts[0].ID, c.Apps[0].Accounts[1].ID}
	in.Apps[0].Source = rejecting{in.Apps[0].Source, []error{
		&connectors.RejectedRow{Err: errors.New("a bad date"), Account: ids[0]},
		&connectors.RejectedRow{Err: errors.New("twice"), Account: ids[1], Repeats: true},
		errors.New("whose it is cannot be read")}}
	failing := *in.Apps[1].Source.(*inmem.App)
	failing.Fail, failing.FailAfter = errors.New("the network is gone"), 5
	in.Apps[1].Source = &failing
	in.Roster = rejectingRoster{in.Roster, &connectors.RejectedRow{Err: errors.New("no start"), Person: &connectors.Person{ID: "E-blind", FirstName: "A", LastName: "B", WorkEmail: "a.b@example.com"}}}
	f, res := sealAndScan(t, in, nil)
	if res.Sources[1].Rejected != 3 || res.Sources[2].State == scanner.SourceOK || len(res.Blind) != 1 {
		t.Fatalf("nothing went wrong: %+v", res.Sources[1:3])
	}
	alike(t, replay(t, f, in, nil), res)
}

type rejecting struct {
	connectors.App
	errs []error
}

func (r rejecting) Accounts(ctx ctxt, t connectors.Trace) seqOf[connectors.Account] {
	return func(yield func(connectors.Account, error) bool) {
		for i, err := range r.errs {
			t.Reject(connectors.Accounts, connectors.Where{Source: "x.csv", Line: i}, err)
		}
		t.Note(connectors.Accounts, "a note")
		r.App.Accounts(ctx, t)(yield)
	}
}

type rejectingRoster struct {
	connectors.Roster
	err error
}

func (r rejectingRoster) People(ctx ctxt, t connectors.Trace) seqOf[connectors.Person] {
	return func(yield func(connectors.Person, error) bool) {
		t.Reject(connectors.People, connectors.Where{Source: "hr.csv", Line: 3}, r.err)
		r.Roster.People(ctx, t)(yield)
	}
}

func TestEncrypted(t *testing.T) {
	c := company(t, 3)
	owner, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	to, err := ParseRecipient(owner.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	f, res := sealAndScan(t, c.Input(), Recipients{to})
	for name, b := range f.files {
		if name != settingsName && (!strings.HasSuffix(name, ".zst.age") || !bytes.HasPrefix(b.Bytes(), []byte("age-encryption.org/v1"))) {
			t.Errorf("%s is not encrypted", name)
		}
	}
	if _, err := Replay(f.open, nil); err == nil || !strings.Contains(err.Error(), "--identity") {
		t.Errorf("without a key: %v", err)
	}
	other, _ := age.GenerateX25519Identity()
	if _, err := Replay(f.open, Identities{other}); err == nil || !strings.Contains(err.Error(), "decrypted") {
		t.Errorf("with another's key: %v", err)
	}
	ids, err := ParseIdentities(strings.NewReader("# a comment\n" + owner.String() + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	alike(t, replay(t, f, c.Input(), ids), res)
}

func TestDamageIsSeen(t *testing.T) {
	c := company(t, 5)
	good, _ := sealAndScan(t, c.Input(), nil)
	source := sourceName(string(c.Apps[0].ID)) + compressed
	for what, harm := range map[string]func(f *folder){
		"cut":      func(f *folder) { f.files[source].Truncate(f.files[source].Len() * 2 / 3) },
		"flipped":  func(f *folder) { f.files[source].Bytes()[f.files[source].Len()/2] ^= 0x10 },
		"empty":    func(f *folder) { f.files[source].Truncate(0) },
		"missing":  func(f *folder) { delete(f.files, source) },
		"memory":   func(f *folder) { f.files[memoryName+compressed].Truncate(9) },
		"settings": func(f *folder) { f.files[settingsName].Truncate(30) },
		"newer":    func(f *folder) { f.put(settingsName, `{"sealed":99,"rules":1}`) },
		"rules":    func(f *folder) { f.put(settingsName, `{"sealed":1,"rules":99}`) },
	} {
		f := newFolder()
		for name, b := range good.files {
			f.put(name, b.String())
		}
		harm(f)
		p, err := Replay(f.open, nil)
		if err == nil {
			in := p.Input
			in.Policy, in.Workers, in.Clock = c.Policy, 1, c.AsOf.Time
			scan(t, in)
			err = p.Err()
		}
		if err == nil {
			t.Errorf("%s: nothing was said of it", what)
		}
	}
}

func (f *folder) put(name, text string) { f.files[name] = bytes.NewBufferString(text) }

// A file that cannot be written makes the run unsealed, and says so.
func TestSealFails(t *testing.T) {
	c := company(t, 1)
	full := func(name string) (io.WriteCloser, error) {
		if strings.HasPrefix(name, sourceName(string(c.Apps[3].ID))) {
			return nil, errors.New("the disk is full")
		}
		return closer{io.Discard}, nil
	}
	s := New(full, nil)
	in, err := s.Input(c.Input())
	if err != nil {
		t.Fatal(err)
	}
	scan(t, in)
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "disk is full") || !strings.Contains(err.Error(), string(c.Apps[3].ID)) {
		t.Errorf("got %v", err)
	}
}
