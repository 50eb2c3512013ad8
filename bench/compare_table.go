//go:build linux

package main

import (
	"fmt"
	"io"
)

// unlikely is the chance below which a difference is called one. Of twenty figures
// that did not change, one is called so all the same.
const unlikely = 0.05

// writeComparison prints a row for each figure.
func writeComparison(w io.Writer, r *report) {
	t := newTable()
	t.row("", baseName, newName, newName+"/"+baseName, "quartiles", "chance", "")
	for i, c := range r.Comparisons {
		if i > 0 && c.Variant != r.Comparisons[i-1].Variant {
			t.row()
		}
		title := c.figure.title
		if c.Variant != "" {
			title += ", " + c.Variant
		}
		cells := []string{title, c.figure.text(c.Base.Median), c.figure.text(c.New.Median)}
		if c.figure.kind == compared && c.Ratio != nil {
			cells = append(cells, fmt.Sprintf("%.3f", c.Ratio.Median),
				fmt.Sprintf("%.3f - %.3f", c.Ratio.Q1, c.Ratio.Q3), fmt.Sprintf("%.3f", c.Chance), c.verdict())
		}
		t.row(cells...)
	}
	t.flush(w)
	fmt.Fprintf(w, "\nRatios are taken in each round. Chance: how often two equal builds would lie to one side\nof 1 in so many rounds; below %.2f it is called a difference.\n", unlikely)
}

// verdict says in a word what changed.
func (c comparison) verdict() string {
	switch {
	case c.Chance >= unlikely:
		return "no difference seen"
	case c.Ratio.Median < 1:
		return "lower"
	default:
		return "higher"
	}
}
