//go:build linux

package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// enter makes an entrant of a rig that has not started anything.
func enter(r *rig, c contender, v variant, samples ...sample) {
	r.entrants = append(r.entrants, &entrant{program: program{contender: c}, variant: v, samples: samples})
}

// cpus are samples of nothing but the CPU per request.
func cpus(values ...float64) []sample {
	var all []sample
	for _, v := range values {
		all = append(all, sample{cpuPerRequest.key: v})
	}
	return all
}

// Ratios to nginx and to the floor are those of the same variant, and the median
// is that of the ratios. Errors add up.
func TestSummarize(t *testing.T) {
	r := rig{scenario: large}
	one, two := large.variants[0], large.variants[1]
	enter(&r, floor, one, cpus(5, 25, 5)...)
	enter(&r, goproxyreverso, one, cpus(10, 50, 12)...)
	enter(&r, nginx, one, cpus(20, 100, 20)...)
	enter(&r, goproxyreverso, two, cpus(40, 40, 40)...)
	r.entrants[1].samples[0][failures.key] = 1
	r.entrants[1].samples[2][failures.key] = 2

	rows := summarize(&r)
	require.Len(t, rows, 4)
	own := rows[1].Figures[cpuPerRequest.key]
	require.Equal(t, spread{Median: 12, Q1: 11, Q3: 31}, own.spread)
	require.Equal(t, &spread{Median: 0.5, Q1: 0.5, Q3: 0.55}, own.ToNginx)
	require.Equal(t, &spread{Median: 2, Q1: 2, Q3: 2.2}, own.ToFloor)
	require.Equal(t, 3.0, rows[1].Figures[failures.key].Median)
	require.Nil(t, rows[1].Figures[failures.key].ToNginx)

	alone := rows[3]
	require.Equal(t, two.name, alone.Variant)
	require.Nil(t, alone.Figures[cpuPerRequest.key].ToNginx)
}

// Every round has each contender once, and begins with another one.
func TestOrder(t *testing.T) {
	require.Equal(t, []int{0, 1, 2}, order(3, 1))
	require.Equal(t, []int{1, 2, 0}, order(3, 2))
	for round := 1; round < 10; round++ {
		require.Equal(t, []int{0, 1, 2, 3}, slices.Sorted(slices.Values(order(4, round))))
	}
}

// All figures of a method have keys and titles of their own, so that none of them
// overwrites another.
func TestFigures(t *testing.T) {
	for _, s := range scenarios {
		seen := map[string]bool{}
		for _, f := range s.figures() {
			require.NotEmpty(t, f.title)
			require.False(t, seen[f.key], f.key)
			seen[f.key] = true
		}
		require.Equal(t, compared, s.figures()[0].kind, s.name)
	}
}
