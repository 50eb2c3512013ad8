//go:build linux

package main

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The median of an even number of values is the mean of the middle two.
func TestMedian(t *testing.T) {
	require.Zero(t, median(nil))
	require.Equal(t, 3.0, median([]float64{9, 1, 3}))
	require.Equal(t, 2.5, median([]float64{4, 1, 2, 3}))
}

// Ratios are taken within rounds: a machine that is slow for one round is slow
// for both sides of it. Errors add up.
func TestSummarize(t *testing.T) {
	rows := summarize([]*entrant{
		{contender: goproxyreverso, samples: []sample{{CPUMicroseconds: 10, Errors: 1}, {CPUMicroseconds: 50}, {CPUMicroseconds: 12, Errors: 2}}},
		{contender: nginx, samples: []sample{{CPUMicroseconds: 20}, {CPUMicroseconds: 100}, {CPUMicroseconds: 20}}},
	})
	require.Len(t, rows, 2)
	require.Equal(t, 12.0, rows[0].Median.CPUMicroseconds)
	require.Equal(t, 3.0, rows[0].Median.Errors)
	require.Equal(t, 0.5, rows[0].Ratio.CPUMicroseconds)
	require.InDelta(t, 40.0/12, rows[0].Spread, 1e-9)
	require.Equal(t, 1.0, rows[1].Ratio.CPUMicroseconds)
}

// Without the reference there are no ratios, and what was not measured is a
// dash.
func TestTableWithoutReference(t *testing.T) {
	var r report
	r.finish([]*entrant{{contender: haproxy, samples: []sample{{RequestsPerSecond: 30000, CPUMicroseconds: 20}}}})
	var out bytes.Buffer
	r.writeTable(&out)
	require.Regexp(t, `haproxy +30000 +- +20\.00 +- +0% +0% +- +- +- +0 +0\.0`, out.String())
}

// Every round has each contender once, and begins with another one.
func TestOrder(t *testing.T) {
	require.Equal(t, []int{0, 1, 2}, order(3, 1))
	require.Equal(t, []int{1, 2, 0}, order(3, 2))
	for round := 1; round < 10; round++ {
		require.Equal(t, []int{0, 1, 2, 3}, slices.Sorted(slices.Values(order(4, round))))
	}
}

// The first CPU names the model; without a name there is the word for it.
func TestCPUModel(t *testing.T) {
	require.Equal(t, "AMD EPYC", cpuModel("processor\t: 0\nmodel name\t: AMD EPYC\nprocessor\t: 1\nmodel name\t: other\n", "?"))
	require.Equal(t, "?", cpuModel("processor\t: 0\nBogoMIPS\t: 50.00\n", "?"))
}
