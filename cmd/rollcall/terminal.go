package main

import (
	"os"
	"strconv"

	"golang.org/x/term"

	"rollcall/report"
)

const plainWidth = 120 // columns where the output is no terminal

// tableOptions adapts the table to where it goes: colour only on a terminal, and never against NO_COLOR
// (https://no-color.org).
func (p *program) tableOptions() report.TableOptions {
	o := report.TableOptions{Width: plainWidth}
	if n, err := strconv.Atoi(p.env("COLUMNS")); err == nil && n >= 40 {
		o.Width = n
	}
	if p.caller != nil { // it is the terminal of who started the command
		return report.TableOptions{Width: p.caller.width, Colour: p.caller.colour}
	}
	f, ok := p.stdout.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return o
	}
	o.Colour = p.env("NO_COLOR") == "" && p.env("TERM") != "dumb"
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		o.Width = w
	}
	return o
}
