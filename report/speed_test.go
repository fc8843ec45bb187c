package report

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"

	"rollcall/connectors"
	"rollcall/scanner"
)

// benchRows is how many rows of population the benchmarks write: BENCH_ROWS, or a tenth of what a large company has.
func benchRows(b *testing.B) int {
	if s := os.Getenv("BENCH_ROWS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return 100_000
}

// benchCells are the twelve cells of a row, ten texts and two numbers, like those of a population.
type benchCells struct {
	texts   [10]string
	numbers [2]int
}

var (
	benchApps  = []string{"directory", "erp", "crm", "mail", "code", "payroll", "chat", "wiki", "tickets", "vpn", "cloud", "expense"}
	benchNames = []string{"Quillon Väätäinen", "Zoë Nguyễn", "Ottoline Brackwater", "Bérénice O'Fallon", "Smith & Sons", "Odalys Ferreira", "Işıl Çelik", "Thandiwe Mokoena", "Xiùlán Fēng", "Barnaby Thistle"}
	benchParts = []string{"Finance", "Engineering", "IT", "Sales", "Support", "Operations", "HR"}
)

func (c *benchCells) fill(i int) {
	c.texts = [10]string{benchApps[i%len(benchApps)], fmt.Sprintf("U%08d", i), "user.name" + strconv.Itoa(i*7919%1000003), benchNames[i*31%len(benchNames)],
		fmt.Sprintf("E%07d", i*104729%999983), benchParts[i*17%len(benchParts)], string(scanner.Kinds[i*13%len(scanner.Kinds)]), scanner.Severity(i % 5).String(),
		fmt.Sprintf("last login 2025-%02d-%02d", i%12+1, i%28+1), "ENT." + benchParts[i*11%len(benchParts)]}
	c.numbers = [2]int{i * 37 % 1500, i * 53 % 1000}
}

var benchHeader = []column{{"App", 14}, {"Account", 16}, {"User name", 24}, {"Display name", 26}, {"Owner", 14}, {"Department", 18}, {"Finding", 24},
	{"Severity", 14}, {"Reason", 30}, {"Entitlement", 24}, {"Days", 10}, {"Risk", 10}}

// benchFile writes a file and tells how large it is.
func benchFile(b *testing.B, write func(io.Writer) error) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "book.xlsx")
	for b.Loop() {
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		w := bufio.NewWriterSize(f, 1<<16)
		if err := write(w); err != nil {
			b.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err == nil {
		b.ReportMetric(float64(info.Size())/1e6, "MB/file")
	}
}

// BenchmarkTwelveColumns writes a whole workbook whose population has twelve columns, with the sums that a signature wants;
// BenchmarkPlainExcelize is what it is held against. Run them with BENCH_ROWS=1000000.
func BenchmarkTwelveColumns(b *testing.B) {
	n := benchRows(b)
	r := sample()
	for _, summed := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "summed"}[summed], func(b *testing.B) {
			benchFile(b, func(w io.Writer) error {
				p, err := planned(r, rows())
				if err != nil {
					return err
				}
				p.sheets[2].long = &longSheet{name: "Population", title: "Population", note: "As wide as the benchmark wants it.", columns: benchHeader, rows: func(w *longWriter) error {
					var c benchCells
					for i := range n {
						if err := w.next(); err != nil {
							return err
						}
						c.fill(i)
						for _, s := range c.texts {
							w.text(s)
						}
						w.number(c.numbers[0])
						w.number(c.numbers[1])
						w.end()
					}
					return nil
				}}
				return p.write(newPack(w, summed), maxRows, nil)
			})
		})
	}
}

func BenchmarkPlainExcelize(b *testing.B) {
	n := benchRows(b)
	benchFile(b, func(w io.Writer) error {
		f := excelize.NewFile()
		defer f.Close()
		s, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			return err
		}
		values := make([]any, len(benchHeader))
		for i, c := range benchHeader {
			values[i] = c.name
		}
		if err := s.SetRow("A1", values); err != nil {
			return err
		}
		var c benchCells
		for i := range n {
			c.fill(i)
			for k, s := range c.texts {
				values[k] = s
			}
			values[10], values[11] = c.numbers[0], c.numbers[1]
			if err := s.SetRow("A"+strconv.Itoa(i+2), values); err != nil {
				return err
			}
		}
		if err := s.Flush(); err != nil {
			return err
		}
		return f.Write(w)
	})
}

// BenchmarkPopulation writes a whole workbook with the population as it is: 27 columns, 25 of them with a value.
func BenchmarkPopulation(b *testing.B) {
	n, r := benchRows(b), sample()
	benchFile(b, func(w io.Writer) error { return WriteWorkbook(w, r, benchPopulation(n)) })
}

func benchPopulation(n int) iter.Seq2[AccountRow, error] {
	owners := []connectors.PersonID{"E100", "E101", "E102", "E103"}
	return func(yield func(AccountRow, error) bool) {
		var c benchCells
		for i := range n {
			c.fill(i)
			a := AccountRow{App: connectors.AppID(c.texts[0]), Account: connectors.AccountID(c.texts[1]), Username: c.texts[2], DisplayName: c.texts[3],
				Email: c.texts[2] + "@corp.example", EmployeeID: c.texts[4], Class: connectors.Human, ClassBy: "the app's label", Enabled: connectors.Yes,
				Created: 17000 + connectors.Date(i%3000), LastSignIn: 20000 + connectors.Date(i%400), MFA: connectors.Yes, Entitlements: c.numbers[0] % 40,
				Person: owners[i%len(owners)], Grade: scanner.Exact, By: scanner.ByEmployeeID, Row: "accounts.csv:" + strconv.Itoa(i)}
			if !yield(a, nil) {
				return
			}
		}
	}
}
