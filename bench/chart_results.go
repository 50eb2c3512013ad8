//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// drawResults draws the chart of all scenarios whose results are in a folder,
// whenever they were taken. Without a folder, or without a ratio to draw, it does
// nothing.
func drawResults(folder string) error {
	if folder == "" {
		return nil
	}
	c, err := readChart(folder)
	if err != nil || len(c.panels) == 0 {
		return err
	}
	return writeWhole(filepath.Join(folder, "comparison.svg"), c.svg())
}

func readChart(folder string) (chart, error) {
	var c chart
	var notes []string
	for _, s := range scenarios {
		path := filepath.Join(folder, s.name+".json")
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return chart{}, err
		}
		var r report
		if err := json.Unmarshal(text, &r); err != nil {
			return chart{}, fmt.Errorf("%s: %w", path, err)
		}
		if found := panels(s, &r); len(found) > 0 {
			c.panels = append(c.panels, found...)
			note := fmt.Sprintf("%s, %s", r.Machine.CPU, r.Started.Format("2 January 2006"))
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	c.note = strings.Join(notes, "; ")
	return c, nil
}

// panels returns a scenario's panels: one for each variant that has ratios.
func panels(s scenario, r *report) []panel {
	var all []panel
	for _, v := range s.variants {
		p := panel{title: s.name}
		if v.name != "" {
			p.title += ": " + v.name
		}
		for _, row := range r.Results {
			cpu := row.Figures[cpuPerRequest.key]
			if row.Variant == v.name && cpu.ToNginx != nil {
				p.bars = append(p.bars, bar{row.Contender, cpu.ToNginx.Median})
			}
		}
		if len(p.bars) > 0 {
			all = append(all, p)
		}
	}
	return all
}
