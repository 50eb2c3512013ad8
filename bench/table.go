//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// writeTable prints a block for each figure of each variant, with a row for each
// contender, and what is only mentioned in a line.
func writeTable(w io.Writer, r *report) {
	t := newTable()
	for i, v := range r.rig.scenario.variants {
		if i > 0 {
			t.row()
		}
		var rows []result
		for _, row := range r.Results {
			if row.Variant == v.name {
				rows = append(rows, row)
			}
		}
		var lines []string
		for _, f := range r.rig.scenario.figures() {
			if f.kind == compared {
				t.block(v, f, rows)
				continue
			}
			var values []string
			for _, row := range rows {
				values = append(values, row.Contender+" "+f.text(row.Figures[f.key].Median))
			}
			lines = append(lines, fmt.Sprintf("%s: %s", f.title, strings.Join(values, ", ")))
		}
		t.flush(w)
		for _, l := range lines {
			fmt.Fprintln(w, l)
		}
	}
}

// table aligns columns over blocks that empty lines separate.
type table struct {
	text bytes.Buffer
	tabs *tabwriter.Writer
}

// tableColumns is how many cells a row has.
const tableColumns = 7

func newTable() *table {
	t := &table{}
	t.tabs = tabwriter.NewWriter(&t.text, 0, 0, 2, ' ', 0)
	return t
}

// row adds a row, padded with empty cells: a line without cells would end the
// columns.
func (t *table) row(cells ...string) {
	padded := make([]string, tableColumns)
	copy(padded, cells)
	fmt.Fprintln(t.tabs, strings.Join(padded, "\t")+"\t")
}

func (t *table) block(v variant, f figure, rows []result) {
	title := f.title
	if v.name != "" {
		title += ", " + v.name
	}
	t.row(title, "median", "quartiles", "/nginx", "quartiles", "/floor", "quartiles")
	for _, row := range rows {
		s := row.Figures[f.key]
		cells := []string{"  " + row.Contender, f.text(s.Median), f.text(s.Q1) + " - " + f.text(s.Q3)}
		for _, to := range []*spread{s.ToNginx, s.ToFloor} {
			if to == nil {
				cells = append(cells, "-", "")
				continue
			}
			cells = append(cells, fmt.Sprintf("%.2f", to.Median), fmt.Sprintf("%.2f - %.2f", to.Q1, to.Q3))
		}
		t.row(cells...)
	}
	t.row()
}

// flush prints what has come so far, without spaces at the ends of lines.
func (t *table) flush(w io.Writer) {
	_ = t.tabs.Flush() // Into memory.
	for line := range strings.Lines(t.text.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
	t.text.Reset()
}
