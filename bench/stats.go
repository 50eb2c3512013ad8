//go:build linux

package main

import (
	"math"
	"slices"
	"strconv"
)

// spread is the middle of some values and where their middle half lies.
type spread struct {
	Median float64 `json:"median"`
	Q1     float64 `json:"q1"`
	Q3     float64 `json:"q3"`
}

// spreadOf returns the spread of at least one value.
func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	return spread{
		Median: significant(quantile(sorted, 0.5)),
		Q1:     significant(quantile(sorted, 0.25)),
		Q3:     significant(quantile(sorted, 0.75)),
	}
}

// significant cuts the digits off that mean nothing, which would be most of what
// the files hold.
func significant(value float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', 8, 64), 64)
	if err != nil {
		panic("BUG: a number cannot be read that was just written: " + err.Error())
	}
	return short
}

// quantile is the value at a share of the way through sorted; between two values
// it lies as far as the share does.
func quantile(sorted []float64, share float64) float64 {
	at := share * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// ratios divides round by round, where both sides met the same machine. A round
// without something to divide by is left out.
func ratios(values, by []float64) []float64 {
	var all []float64
	for i := range min(len(values), len(by)) {
		if by[i] > 0 {
			all = append(all, values[i]/by[i])
		}
	}
	return all
}

// each returns a figure's value of every sample.
func each(samples []sample, f figure) []float64 {
	all := make([]float64, len(samples))
	for i, s := range samples {
		all[i] = s[f.key]
	}
	return all
}

// signTest returns how likely it is that ratios of two equal things lie to one
// side of 1 as unevenly as these do, or more. It asks nothing of their
// distribution. Ratios of exactly 1 say nothing and are not counted.
func signTest(ratios []float64) float64 {
	above, below := 0, 0
	for _, r := range ratios {
		switch {
		case r > 1:
			above++
		case r < 1:
			below++
		}
	}
	n := above + below
	sum := 0.0
	for k := range min(above, below) + 1 {
		sum += math.Exp(logChoose(n, k) - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}

// logChoose is the logarithm of the number of ways to take k of n.
func logChoose(n, k int) float64 {
	return logFactorial(n) - logFactorial(k) - logFactorial(n-k)
}

func logFactorial(n int) float64 {
	value, _ := math.Lgamma(float64(n) + 1)
	return value
}
