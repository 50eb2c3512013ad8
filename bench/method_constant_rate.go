//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// constantRate asks at a constant rate with vegeta, whether or not answers
// come. It is the same rate for all, half of what nginx can do here and now,
// unless the command line has another.
type constantRate struct{}

func (constantRate) figures() []figure {
	return []figure{p99, p50, p999, cpuPerRequest, residentMemory, rateReached, cpuShare, failures}
}

func (constantRate) tools() []string { return []string{"wrk", "vegeta"} }
func (constantRate) fresh() bool     { return false }

func (constantRate) turnTime(set settings) time.Duration { return set.duration + 1500*time.Millisecond }

// prepare finds the rate.
func (constantRate) prepare(ctx context.Context, r *rig) error {
	if r.rate = r.set.rate; r.rate > 0 {
		return nil
	}
	e := r.entrants[0]
	if i := slices.IndexFunc(r.entrants, func(e *entrant) bool { return e.name == nginxName }); i >= 0 {
		e = r.entrants[i]
	}
	const attempts = 3
	var capacity []float64
	for range attempts {
		got, err := r.wrk(ctx, e, r.set.duration)
		if err != nil {
			return fmt.Errorf("capacity of %s: %w", e.name, err)
		}
		capacity = append(capacity, got.perSecond)
	}
	r.rate = max(1, int(math.Round(spreadOf(capacity).Median/2)))
	r.note("rate: %d requests per second, half of %.0f, the median of %d times wrk against %s",
		r.rate, spreadOf(capacity).Median, attempts, e.name)
	return nil
}

func (constantRate) turn(ctx context.Context, r *rig, e *entrant) (sample, error) {
	m, err := startMeter(e)
	if err != nil {
		return nil, err
	}
	if err := r.attack(ctx, e); err != nil {
		return nil, err
	}
	if err := m.stop(); err != nil {
		return nil, err
	}
	got, err := r.attackResult(ctx)
	if err != nil {
		return nil, err
	}
	if len(got.sorted) == 0 {
		return nil, errors.New("vegeta got no answer")
	}
	attempts := len(got.sorted) + got.errors
	s := sample{
		p50.key:         microseconds(got.permille(500)),
		p99.key:         microseconds(got.permille(990)),
		p999.key:        microseconds(got.permille(999)),
		rateReached.key: float64(attempts) / r.set.duration.Seconds(),
		failures.key:    float64(got.errors),
	}
	m.fill(s, attempts)
	return s, nil
}
