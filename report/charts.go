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
	chartRows    = 15
	rowPixels    = 20
)

// colours of bars: told apart by lightness too, and named in a legend where there are several.
var barColours = []string{"1F3864", "C55A11"}

// room leaves room for n charts, which are named when the tables that they show have been written.
func (p *page) room(n int) {
	for ; n > 0; n -= chartsBeside {
		p.gap()
		p.drawn = append(p.drawn, drawing{row: p.row + 1})
		p.row += chartRows
	}
}

// charts puts those charts that have something to show where room was left for them.
func (p *page) charts(list ...bars) {
	i := 0
	for _, c := range list {
		if c.area.first > 0 {
			p.drawn[i/chartsBeside].list = append(p.drawn[i/chartsBeside].list, c)
			i++
		}
	}
}

// draw puts charts where room was left for them; how wide they are depends on the final columns.
func (p *page) draw(d *drawing) {
	width := 0
	for _, w := range p.widths {
		width += pixels(w)
	}
	const between = 12
	each := width/chartsBeside - between
	for i := range d.list {
		c := &d.list[i]
		col, left := p.across(i * (each + between))
		p.b.do(p.b.f.AddChart(p.name, p.cell(col+1, d.row), &excelize.Chart{
			Type: excelize.Bar, Series: p.series(c),
			Format:    excelize.GraphicOptions{AltText: c.title + ": " + c.alt, Name: c.title, OffsetX: left, OffsetY: 2, ScaleX: 1, ScaleY: 1},
			Dimension: excelize.ChartDimension{Width: uint(each), Height: chartRows*rowPixels - 20},
			Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: c.title, Font: &excelize.Font{Size: 12, Bold: true, Color: "1F3864"}}}},
			Legend:    excelize.ChartLegend{Position: legend(len(c.values))},
			PlotArea:  excelize.ChartPlotArea{ShowVal: true},
			XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 8, Color: "000000"}},
			YAxis:     excelize.ChartAxis{None: true},
		}))
	}
}

// pixels is how wide a column is on a screen.
func pixels(width float64) int { return int(width*7+0.5) + 5 }

// across finds the column so many pixels from the left, and what is left of them.
func (p *page) across(x int) (col, left int) {
	for col < len(p.widths)-1 && x >= pixels(p.widths[col]) {
		x -= pixels(p.widths[col])
		col++
	}
	return col, x
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
			Categories: at(0, 0, c.area.first, last), Values: at(col, col, c.area.first, last),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{barColours[i%len(barColours)]}},
		})
	}
	return list
}
