//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// reference is the contender that ratios refer to.
const reference = "nginx"

// result is a contender's row: medians over its samples.
type result struct {
	Name    string   `json:"name"`
	Median  sample   `json:"median"`
	Ratio   *ratio   `json:"ratio_to_nginx,omitempty"` // nil when nginx has not taken part
	Spread  float64  `json:"cpu_spread"`               // dearest minus cheapest round, as a share of the median
	Samples []sample `json:"rounds"`
}

// ratio is how a contender stands to the reference; errors and CPU share are no
// matter of ratios and stay zero.
type ratio struct {
	RequestsPerSecond float64 `json:"requests_per_second"`
	CPUMicroseconds   float64 `json:"cpu_us_per_request"`
	P99               float64 `json:"p99_us,omitempty"`
	RSS               float64 `json:"rss_bytes"`
}

// summarize makes the rows of entrants that have a sample of each round.
func summarize(entrants []*entrant) []result {
	var base []sample
	for _, e := range entrants {
		if e.name == reference {
			base = e.samples
		}
	}
	var rows []result
	for _, e := range entrants {
		row := result{Name: e.name, Median: medians(e.samples), Spread: spread(e.samples), Samples: e.samples}
		if base != nil {
			row.Ratio = ratios(e.samples, base)
		}
		rows = append(rows, row)
	}
	return rows
}

// medians takes each number's own median, and the sum of the errors: a median
// would hide them.
func medians(samples []sample) sample {
	over := func(field func(sample) float64) float64 { return median(each(samples, field)) }
	m := sample{
		RequestsPerSecond: over(func(s sample) float64 { return s.RequestsPerSecond }),
		CPUMicroseconds:   over(func(s sample) float64 { return s.CPUMicroseconds }),
		CPUShare:          over(func(s sample) float64 { return s.CPUShare }),
		P50:               over(func(s sample) float64 { return s.P50 }),
		P99:               over(func(s sample) float64 { return s.P99 }),
		P999:              over(func(s sample) float64 { return s.P999 }),
		RSS:               over(func(s sample) float64 { return s.RSS }),
	}
	for _, s := range samples {
		m.Errors += s.Errors
	}
	return m
}

// ratios divides within each round, where both sides met the same machine.
func ratios(samples, base []sample) *ratio {
	over := func(field func(sample) float64) float64 {
		var all []float64
		for i, s := range samples {
			if by := field(base[i]); by > 0 {
				all = append(all, field(s)/by)
			}
		}
		return median(all)
	}
	return &ratio{
		RequestsPerSecond: over(func(s sample) float64 { return s.RequestsPerSecond }),
		CPUMicroseconds:   over(func(s sample) float64 { return s.CPUMicroseconds }),
		P99:               over(func(s sample) float64 { return s.P99 }),
		RSS:               over(func(s sample) float64 { return s.RSS }),
	}
}

func spread(samples []sample) float64 {
	cpu := each(samples, func(s sample) float64 { return s.CPUMicroseconds })
	if m := median(cpu); m > 0 {
		return (slices.Max(cpu) - slices.Min(cpu)) / m
	}
	return 0
}

func each(samples []sample, field func(sample) float64) []float64 {
	var all []float64
	for _, s := range samples {
		all = append(all, field(s))
	}
	return all
}

// median returns the middle one of values, or the mean of the middle two, zero
// when there are none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// writeTable prints one row for each contender.
func (r *report) writeTable(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")+"\t") }
	row("contender", "req/s", "/nginx", "CPU µs/req", "/nginx", "spread", "CPU", "p50 µs", "p99 µs", "p99.9 µs", "errors", "RSS MiB")
	for _, c := range r.Contenders {
		perSecond, cpu := "-", "-"
		if c.Ratio != nil {
			perSecond = fmt.Sprintf("%.2f", c.Ratio.RequestsPerSecond)
			cpu = fmt.Sprintf("%.2f", c.Ratio.CPUMicroseconds)
		}
		m := c.Median
		row(c.Name,
			fmt.Sprintf("%.0f", m.RequestsPerSecond), perSecond,
			fmt.Sprintf("%.2f", m.CPUMicroseconds), cpu, percent(c.Spread), percent(m.CPUShare),
			orDash(m.P50), orDash(m.P99), orDash(m.P999),
			fmt.Sprintf("%.0f", m.Errors), fmt.Sprintf("%.1f", m.RSS/(1<<20)))
	}
	t.Flush()
}

func percent(share float64) string { return fmt.Sprintf("%.0f%%", 100*share) }

// orDash shows a number that may not have been measured.
func orDash(v float64) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", v)
}
