//go:build linux

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The median of an even number of values is the mean of the middle two, and the
// quartiles lie between values in the same way.
func TestSpread(t *testing.T) {
	require.Equal(t, spread{Median: 7, Q1: 7, Q3: 7}, spreadOf([]float64{7}))
	require.Equal(t, spread{Median: 3, Q1: 2, Q3: 6}, spreadOf([]float64{9, 1, 3}))
	require.Equal(t, spread{Median: 2.5, Q1: 1.75, Q3: 3.25}, spreadOf([]float64{4, 1, 2, 3}))
}

// Ratios are taken within rounds: a machine that is slow for one round is slow
// for both sides of it. What cannot be divided is left out.
func TestRatios(t *testing.T) {
	require.Equal(t, []float64{0.5, 0.5, 0.25}, ratios([]float64{10, 50, 5}, []float64{20, 100, 20}))
	require.Equal(t, []float64{2}, ratios([]float64{1, 4}, []float64{0, 2}))
	require.Empty(t, ratios([]float64{1, 2}, nil))
}

// Digits that mean nothing are cut off, those of a file's size are not.
func TestSignificant(t *testing.T) {
	require.Equal(t, 0.33333333, significant(1.0/3))
	require.Equal(t, 21001424.0, significant(21001424))
	require.Zero(t, significant(0))
}

// The chance is that of so many heads or tails in so many throws of a coin, or
// more of them.
func TestSignTest(t *testing.T) {
	above, below := 1.1, 0.9
	for _, row := range []struct {
		name   string
		ratios []float64
		want   float64
	}{
		{"none", nil, 1},
		{"only equal", []float64{1, 1}, 1},
		{"one", []float64{above}, 1},
		{"even", []float64{above, below}, 1},
		{"five of five", []float64{below, below, below, below, below}, 2.0 / 32},
		{"equal ones do not count", []float64{above, above, 1, above, above, above}, 2.0 / 32},
		{"one of six", []float64{above, below, below, below, below, below}, 2 * 7.0 / 64},
	} {
		t.Run(row.name, func(t *testing.T) { require.InDelta(t, row.want, signTest(row.ratios), 1e-9) })
	}
}
