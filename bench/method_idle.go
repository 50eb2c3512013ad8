//go:build linux

package main

import (
	"context"
	"time"
)

// idle opens connections, makes one request on each, and looks at the resident
// memory that the contender has more than at its start: at once, and when the
// connections have been silent for a while.
type idle struct{}

func (idle) figures() []figure { return []figure{silentMemory, busyMemory, residentMemory, lost} }

func (idle) tools() []string                     { return nil }
func (idle) fresh() bool                         { return true }
func (idle) prepare(context.Context, *rig) error { return nil }

func (idle) turnTime(set settings) time.Duration { return set.silence + 3*time.Second }

func (idle) turn(ctx context.Context, r *rig, e *entrant) (sample, error) {
	_, err := r.launch(ctx, e)
	defer r.end(e)
	if err != nil {
		return nil, err
	}
	before, err := treeRSS(e.process.pid())
	if err != nil {
		return nil, err
	}
	open, err := openIdle(ctx, e.addr, e.variant)
	defer open.close()
	if err != nil {
		return nil, err
	}
	now, err := treeRSS(e.process.pid())
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(r.set.silence):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	later, err := treeRSS(e.process.pid())
	each := float64(len(open))
	return sample{
		busyMemory.key:   float64(now-before) / each,
		silentMemory.key: float64(later-before) / each,
		// What a contender set aside at its start is only in here.
		residentMemory.key: float64(later),
		lost.key:           float64(open.lost()),
	}, err
}
