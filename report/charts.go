package report

import (
	"fmt"

	"github.com/xuri/excelize/v2"
)

// bars is a bar chart of columns of a table on the same page. It says nothing that the table does not.
type bars struct {
	title  string
	alt    string // what it shows, for those who do not see it
	area   area
	labels int   // columns that name the bars
	values []int // columns with the numbers, from 0
	most   int   // rows that are shown; 0 = all
}

// drawing is a row of charts on a page.
type drawing struct {
	row  int
	list []bars
}

// Charts stand two beside one another, each over so many rows of so many pixels.
const (
	chartsBeside = 2
	chartRows    = 18
	rowPixels    = 20
)

// colours of bars: told apart by lightness too, and named in a legend where there are several.
var barColours = []string{"1F3864", "C55A11"}

// charts leaves room for the charts that have something to show.
func (p *page) charts(list ...bars) {
	var shown []bars
	for _, c := range list {
		if c.area.first > 0 {
			shown = append(shown, c)
		}
	}
	for len(shown) > 0 {
		p.gap()
		n := min(len(shown), chartsBeside)
		p.drawn = append(p.drawn, drawing{p.row + 1, shown[:n]})
		p.row += chartRows
		shown = shown[n:]
	}
}

// draw puts charts where room was left for them; how wide they are depends on the final columns.
func (p *page) draw(d *drawing) {
	width := 0
	for _, w := range p.widths {
		width += int(w*7+0.5) + 5
	}
	const between = 12
	each := width/chartsBeside - between
	for i := range d.list {
		c := &d.list[i]
		p.b.do(p.b.f.AddChart(p.name, p.cell(1, d.row), &excelize.Chart{
			Type: excelize.Bar, Series: p.series(c),
			Format: excelize.GraphicOptions{AltText: c.title + ": " + c.alt, Name: c.title, OffsetX: i * (each + between), OffsetY: 2,
				ScaleX: 1, ScaleY: 1, Positioning: "oneCell"},
			Dimension: excelize.ChartDimension{Width: uint(each), Height: chartRows*rowPixels - 8},
			Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: c.title, Font: &excelize.Font{Size: 12, Bold: true, Color: "1F3864"}}}},
			Legend:    excelize.ChartLegend{Position: legend(len(c.values))},
			PlotArea:  excelize.ChartPlotArea{ShowVal: true},
			XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 9, Color: "000000"}},
			YAxis:     excelize.ChartAxis{None: true},
		}))
	}
}

func legend(series int) string {
	if series > 1 {
		return "bottom"
	}
	return "none"
}

func (p *page) series(c *bars) (list []excelize.ChartSeries) {
	last := c.area.last
	if c.most > 0 {
		last = min(last, c.area.first+c.most-1)
	}
	at := func(from, to, first, last int) string {
		return fmt.Sprintf("'%s'!$%s$%d:$%s$%d", p.name, colName(from), first, colName(to), last)
	}
	for i, col := range c.values {
		list = append(list, excelize.ChartSeries{
			Name:       fmt.Sprintf("'%s'!$%s$%d", p.name, colName(col), c.area.first-1),
			Categories: at(0, c.labels-1, c.area.first, last), Values: at(col, col, c.area.first, last),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{barColours[i%len(barColours)]}},
		})
	}
	return list
}
