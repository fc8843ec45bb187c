package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/all"
	"rollcall/scanner"
	"rollcall/scanner/evidence"
)

// configFile is the configuration as written. What belongs to one kind of source is decoded by that kind.
type configFile struct {
	AsOf       tomlDay          `toml:"as_of"`           // pins the day; absent: today in time_zone
	TimeZone   string           `toml:"time_zone"`       // in which time stamps become days; default UTC
	State      string           `toml:"state"`           // directory of the ledger and the runs
	Domains    []string         `toml:"company_domains"` // mail domains of the company itself
	Policy     string           `toml:"policy"`          // file
	Workers    int              `toml:"workers"`         // sources judged at once; 0: one a processor
	Evidence   evidenceConfig   `toml:"evidence"`
	Witness    witnessConfig    `toml:"witness"`
	Notify     notifyConfig     `toml:"notify"`
	Slack      *slackConfig     `toml:"slack"` // absent: nothing is decided in Slack
	Sign       *signConfig      `toml:"sign"`  // absent: reports are not signed
	Remediate  remediateConfig  `toml:"remediate"`
	Identities identitiesConfig `toml:"identities"`
	Privacy    privacyConfig    `toml:"privacy"`
	Serve      serveConfig      `toml:"serve"`
	Act        *actConfig       `toml:"act"` // absent: the process that reads also acts
	Schedules  []scheduleConfig `toml:"schedule"`
	Roster     map[string]any   `toml:"roster"`
	Apps       []map[string]any `toml:"app"`
}

type rosterCommon struct {
	Kind  string      `toml:"kind"`
	Guard guardConfig `toml:"guard"`
}

type guardConfig struct {
	MaxShrink *percent `toml:"max_shrink"`
	MinShrink *int     `toml:"min_shrink"`
	MaxBlank  *percent `toml:"max_blank"`
}

type appCommon struct {
	ID             connectors.AppID       `toml:"id"`
	Title          string                 `toml:"title"`
	Owner          connectors.PersonID    `toml:"owner"`
	Kind           string                 `toml:"kind"`
	SuspendOnLeave *bool                  `toml:"suspend_on_leave"` // default true
	SingleSignOn   bool                   `toml:"single_sign_on"`
	Privileged     []string               `toml:"privileged"`
	Assigns        []string               `toml:"assigns"` // of a directory: patterns of entitlements that give another app
	Write          bool                   `toml:"write"`   // rollcall may change accounts there
	Canary         []connectors.AccountID `toml:"canary"`  // ids of accounts that must be in every list: a list without one is not whole
}

// tomlDay is a day, written as a TOML date or as text.
type tomlDay struct{ connectors.Date }

func (d *tomlDay) UnmarshalText(b []byte) error {
	s, _, _ := strings.Cut(string(b), "T")
	return d.Date.UnmarshalText([]byte(s))
}

// percent is written "20%".
type percent int

func (p *percent) UnmarshalText(b []byte) error {
	var n int
	if _, err := fmt.Sscanf(string(b), "%d%%", &n); err != nil || fmt.Sprintf("%d%%", n) != string(b) || n < 0 || n > 100 {
		return fmt.Errorf("%q: want a percentage from \"0%%\" to \"100%%\"", b)
	}
	*p = percent(n)
	return nil
}

// config is the configuration, checked, with its sources opened (nothing is read from them yet).
type config struct {
	Path    string
	Dir     string // of the file: relative paths start there
	AsOf    connectors.Date
	Pinned  bool // the file pins the day
	Zone    *time.Location
	State   string
	Domains []string
	Workers int
	Guard   scanner.RosterGuard
	Roster  connectors.Roster
	Apps    []scanner.App
	Policy  *scanner.Policy

	Recipients  evidence.Recipients // whom sealed inputs are encrypted to
	KeepAtLeast int                 // days that no folder of a run goes before
	KeepAtMost  time.Duration       // after which the folder of a run is taken away; 0 = never
	Witness     witnessConfig
	Notify      notifyConfig
	Slack       *slackConfig // nil: nothing is decided in Slack
	Sign        *signConfig  // nil: reports are not signed
	Assigns     map[connectors.AppID][]string
	Remediate   remediation
	Privacy     privacyConfig
	Serve       serving
	Act         *acting                                   // nil: the process that reads also acts
	Abilities   map[connectors.AppID]connectors.Abilities // of the apps that may be written to
	Writable    map[connectors.AppID]connectors.App
	sources     map[connectors.AppID]connectors.App // every app as its kind opened it, hidden behind nothing
	Canaries    map[connectors.AppID][]connectors.AccountID

	signAt     string                       // where the section stands
	acts       bool                         // it is read by the process that acts, with the secrets for that
	secret     func(string) ([]byte, error) // what a reference points to
	data       []byte                       // the file as it was read
	tree       map[string]any               // and all that stands in it
	owners     map[string]int               // of the files that a daemon took up: whose they were, by path; see ownerOf
	read       func(string) ([]byte, error)
	named      []connectors.AppID // every app the file names, those with mistakes too
	policyFile *tomlFile
}

// loadConfig reads and checks everything the configuration says. All problems are reported at once, each with file, line
// and what to write instead.
func loadConfig(path string, now time.Time, secret func(string) ([]byte, error)) (*config, error) {
	return loadConfigWith(path, os.ReadFile, now, secret)
}

// loadConfigWith loads the configuration, with its files read as the caller says: the daemon goes by those it took up.
func loadConfigWith(path string, read func(string) ([]byte, error), now time.Time, secret func(string) ([]byte, error)) (*config, error) {
	return loadConfigFor(false, path, read, now, secret)
}

// loadConfigFor loads it for the process that acts, or for every other.
func loadConfigFor(acts bool, path string, read func(string) ([]byte, error), now time.Time, secret func(string) ([]byte, error)) (*config, error) {
	f, err := readTOMLWith(path, read)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("config: there is no %s; copy config.example.toml and name your own files in it, or give --config FILE", path)
	}
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	var cf configFile
	if f.decode("", f.tree, &cf); len(f.problems) > 0 {
		return nil, fmt.Errorf("config: %w", f.err())
	}
	c := &config{Path: path, Dir: filepath.Dir(path), Domains: cf.Domains, Zone: time.UTC, acts: acts, data: f.data, tree: f.tree, read: read}
	c.common(f, &cf, now)
	c.evidence(f, cf.Evidence)
	c.privacy(f, cf.Privacy)
	c.remediation(f, cf.Remediate, cf.Identities)
	cf.Witness.check(f)
	c.Witness = cf.Witness
	cf.Notify.check(f)
	c.Notify = cf.Notify
	cf.Slack.check(f, c.Zone, c.Remediate.Keep)
	c.Slack = cf.Slack
	cf.Sign.check(f)
	c.serve(f, cf.Serve, cf.Schedules)
	c.act(f, cf.Act)
	c.Sign, c.signAt, c.secret = cf.Sign, f.at("sign"), secret
	env := connectors.Env{Dir: c.Dir, Zone: c.Zone, Secret: textSecret(secret), HTTP: httpClient(), Dial: new(net.Dialer).DialContext, NoSignInTimes: c.Privacy.noSignIns()}
	if !acts { // what is only read is none of its business, nor are the secrets for that
		c.openRoster(f, cf.Roster, env)
	}
	for i, app := range cf.Apps {
		c.openApp(f, i, app, env)
	}
	c.knownScopes(f)
	if len(cf.Apps) == 0 {
		f.problem("", "no [[app]]: name at least one app whose accounts are to be checked")
	}
	err = errors.Join(f.err(), c.loadPolicy(cf.Policy, f.at("policy")))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return c, nil
}

func (c *config) common(f *tomlFile, cf *configFile, now time.Time) {
	if cf.TimeZone != "" {
		zone, err := time.LoadLocation(cf.TimeZone)
		if err != nil || cf.TimeZone == "Local" {
			f.problem("time_zone", "unknown time zone %q; want a name such as \"Europe/Berlin\" or \"UTC\"", cf.TimeZone)
			zone = time.UTC
		}
		c.Zone = zone
	}
	c.AsOf, c.Pinned = cf.AsOf.Date, cf.AsOf.Known()
	if !c.Pinned {
		c.AsOf = connectors.DateOf(now, c.Zone)
	}
	if today := connectors.DateOf(now, c.Zone); c.AsOf > today {
		f.problem("as_of", "as_of = %s lies in the future (today is %s): what it recorded would mislead every later run; ask about another day with scan --as-of", c.AsOf, today)
	}
	for i, d := range cf.Domains {
		if strings.Contains(d, "@") || !strings.Contains(d, ".") {
			f.problem("company_domains", "%q is not a mail domain; want \"example.com\"", d)
		}
		c.Domains[i] = strings.ToLower(d)
	}
	if cf.State == "" {
		f.problem("", "state is missing: name the directory that keeps the ledger and the runs, for example state = \".rollcall\"")
	}
	c.State = c.path(cf.State)
	c.Workers = cf.Workers
	if cf.Workers < 0 {
		f.problem("workers", "workers = %d: want 0 (one a processor) or more", cf.Workers)
	}
	if cf.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
}

func (c *config) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.Dir, p)
}

func (c *config) openRoster(f *tomlFile, table map[string]any, env connectors.Env) {
	c.Guard = scanner.DefaultRosterGuard
	if table == nil {
		f.problem("", "no [roster]: name the file or system that says who works here")
		return
	}
	var common rosterCommon
	kind, _ := table["kind"].(string)
	open, ok := all.Rosters[kind]
	if !ok {
		f.problem("roster.kind", "[roster] kind = %q%s", kind, nearest(kind, sortedKeys(all.Rosters)))
		return
	}
	special := open()
	before := len(f.problems)
	f.decode("roster", table, &common, special)
	if len(f.problems) > before {
		return
	}
	var err error
	if c.Roster, err = special.OpenRoster(env); err != nil {
		f.problem("roster", "[roster] %v", err)
	}
	g := common.Guard
	override(&c.Guard.MaxShrink, (*int)(g.MaxShrink))
	override(&c.Guard.MinShrink, g.MinShrink)
	override(&c.Guard.MaxBlank, (*int)(g.MaxBlank))
}

func override(to, from *int) {
	if from != nil {
		*to = *from
	}
}

func (c *config) openApp(f *tomlFile, i int, table map[string]any, env connectors.Env) {
	path := fmt.Sprintf("app[%d]", i)
	id, _ := table["id"].(string)
	kind, _ := table["kind"].(string)
	c.named = append(c.named, connectors.AppID(id))
	if write, _ := table["write"].(bool); c.acts && !write {
		return
	}
	open, ok := all.Apps[kind]
	if !ok {
		f.problem(path+".kind", "[[app]] %q: kind = %q%s", id, kind, nearest(kind, sortedKeys(all.Apps)))
		return
	}
	table, err := c.actingKeys(table)
	if err != nil {
		f.problem(path+".acting", "[[app]] %q: %v", id, err)
		return
	}
	var common appCommon
	special := open()
	before := len(f.problems)
	f.decode(path, table, &common, special)
	switch {
	case len(f.problems) > before:
		return
	case !validAppID(id):
		f.problem(path, "[[app]] id = %q: want letters, digits, - and _ (it names the app in commands and files)", id)
		return
	case slices.ContainsFunc(c.Apps, func(a scanner.App) bool { return strings.EqualFold(string(a.ID), id) }):
		f.problem(path+".id", "[[app]] id = %q is used twice", id)
		return
	}
	src, err := special.OpenApp(common.ID, env)
	if err != nil {
		f.problem(path, "[[app]] %q: %v", id, err)
		return
	}
	if c.sources == nil {
		c.sources = map[connectors.AppID]connectors.App{}
	}
	c.sources[common.ID] = src
	for _, pattern := range common.Assigns {
		if strings.Count(pattern, "*") != 1 {
			f.problem(path+".assigns", "[[app]] %q: assigns %q: want one *, which stands for the name of the app, such as \"app-*\"", id, pattern)
		}
	}
	if len(common.Assigns) > 0 {
		if c.Assigns == nil {
			c.Assigns = map[connectors.AppID][]string{}
		}
		c.Assigns[common.ID] = common.Assigns
	}
	title := common.Title
	if title == "" {
		title = id
	}
	c.Apps = append(c.Apps, scanner.App{ID: common.ID, Title: title, Owner: common.Owner, Source: c.guarded(&common, src),
		SuspendOnLeave: common.SuspendOnLeave == nil || *common.SuspendOnLeave, SingleSignOn: common.SingleSignOn, Privileged: common.Privileged})
}

// guarded notes what may be done in an app, and hides all of it from what only reads.
func (c *config) guarded(app *appCommon, src connectors.App) connectors.App {
	if can := connectors.AbilitiesOf(src); app.Write && can != 0 {
		if c.Abilities == nil {
			c.Abilities, c.Writable = map[connectors.AppID]connectors.Abilities{}, map[connectors.AppID]connectors.App{}
		}
		c.Abilities[app.ID], c.Writable[app.ID] = can, c.actingOn(app.ID, src)
	}
	if len(app.Canary) > 0 {
		if c.Canaries == nil {
			c.Canaries = map[connectors.AppID][]connectors.AccountID{}
		}
		c.Canaries[app.ID] = app.Canary
	}
	reading := connectors.ReadOnly(src, app.Canary...)
	if c.Privacy.noSignIns() {
		reading = connectors.WithoutSignInTimes(reading)
	}
	return reading
}

func validAppID(id string) bool {
	if id == "" || len(id) > 64 || id == "roster" {
		return false
	}
	for _, r := range id {
		if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return id[0] != '-'
}

// loadPolicy reads the policy file; without one, the rules that need none run with their defaults.
func (c *config) loadPolicy(path, at string) error {
	c.Policy = &scanner.Policy{}
	if path == "" {
		return c.Policy.Prepare()
	}
	f, err := readTOMLWith(c.path(path), c.read)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: policy = %q: there is no such file; leave the key out to do without a policy", at, path)
	}
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	c.policyFile = f
	c.Policy, err = decodePolicy(f, path, c.named)
	return err
}

// policyHash is the SHA-256 of the policy as it was read, empty without one.
func (c *config) policyHash() string {
	if c.policyFile == nil {
		return ""
	}
	return hexSum(c.policyFile.data)
}

// decodePolicy makes a policy of a file. Findings name it as the configuration does, wherever the company's files lie.
func decodePolicy(f *tomlFile, name string, apps []connectors.AppID) (*scanner.Policy, error) {
	p := &scanner.Policy{}
	f.decode("", f.tree, p)
	if err := f.err(); err != nil {
		return p, err
	}
	p.File = name
	for _, m := range p.Validate(apps) {
		f.problem(m.Path, "%s", m.Message)
	}
	if err := f.err(); err != nil {
		return p, err
	}
	return p, p.Prepare()
}
