//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// saturate asks as fast as answers come, with wrk or, where each request has a
// handshake, with clients of the rig: what a request costs the contender, and how
// many it serves.
type saturate struct{}

func (saturate) figures() []figure {
	return []figure{cpuPerRequest, perSecond, p50, p99, residentMemory, cpuShare, failures}
}

func (saturate) tools() []string                     { return []string{"wrk"} }
func (saturate) fresh() bool                         { return false }
func (saturate) prepare(context.Context, *rig) error { return nil }

func (saturate) turnTime(set settings) time.Duration { return set.duration + 500*time.Millisecond }

func (saturate) turn(ctx context.Context, r *rig, e *entrant) (sample, error) {
	m, err := startMeter(e)
	if err != nil {
		return nil, err
	}
	got, err := r.load(ctx, e, r.set.duration)
	if err != nil {
		return nil, err
	}
	if err := m.stop(); err != nil {
		return nil, err
	}
	if got.requests == 0 {
		return nil, fmt.Errorf("no answer, and %d errors\n%s", got.errors, tail(e.process.output))
	}
	s := sample{
		perSecond.key: got.perSecond,
		p50.key:       microseconds(got.p50),
		p99.key:       microseconds(got.p99),
		failures.key:  float64(got.errors),
	}
	m.fill(s, got.requests)
	return s, nil
}
