package report

import "rollcall/scanner"

// sources says what exactly was read, so that it can be read again and compared.
func (b *book) sources() {
	r := b.r
	p := b.page("Sources & hashes", "Sources and hashes", layout{paper: a4, wide: 1})
	p.text(b.st.note, "SHA-256 of the bytes as received; of a source read in several pages, of the pages' hashes in their order. Times are UTC.")
	run := [][]any{
		{"Run", r.Run}, {"Made by", r.madeBy()}, {"Run by", r.ranBy()}, {"Started (UTC)", r.Started}, {"Ended (UTC)", r.Ended},
		{"As of", r.Result.AsOf}, {"Last run", orWord(r.Change.LastRun, "none")}, {"Configuration, SHA-256", r.Config}, {"Policy, SHA-256", r.Policy},
	}
	if r.Manifest != "" {
		run = append(run, []any{"Manifest, SHA-256", r.Manifest})
	}
	p.table("Run", "The run", "", []string{"What", "Value"}, run)
	p.table("SourceHashes", "Sources", "No source was read.",
		[]string{"Source", "Location", "Bytes", "SHA-256", "Pages", "Kind", "Filters", "Started (UTC)", "Ended (UTC)"},
		eachRow(r.Result.Sources, func(s *scanner.SourceReport) []any {
			return []any{s.Name, s.Info.Location, s.Bytes, orWord(s.SHA256, "nothing was read"), s.Pages, s.Info.Kind, s.Info.Parameters, s.Started, s.Ended}
		}))
	var pages [][]any
	for i := range r.Result.Sources {
		s := &r.Result.Sources[i]
		for _, f := range s.Files {
			pages = append(pages, []any{s.Name, f.Request, f.Bytes, f.SHA256})
		}
	}
	p.table("PageHashes", "Pages as received", "No source lists its pages.", []string{"Source", "Request", "Bytes", "SHA-256"}, pages)
	p.done()
}

func orWord(s, word string) string {
	if s == "" {
		return word
	}
	return s
}
