//go:build linux

package main

import (
	"context"
	"os"
	"time"
)

// coldStart starts a contender and waits for its first right answer. The
// program's file is in the page cache, as it is after an update.
type coldStart struct{}

func (coldStart) figures() []figure { return []figure{startTime, binarySize, residentMemory} }

func (coldStart) tools() []string                     { return nil }
func (coldStart) fresh() bool                         { return true }
func (coldStart) prepare(context.Context, *rig) error { return nil }
func (coldStart) turnTime(settings) time.Duration     { return time.Second }

func (coldStart) turn(ctx context.Context, r *rig, e *entrant) (sample, error) {
	took, err := r.launch(ctx, e)
	defer r.end(e)
	if err != nil {
		return nil, err
	}
	file, err := os.Stat(e.path)
	if err != nil {
		return nil, err
	}
	rss, err := treeRSS(e.process.pid())
	return sample{
		startTime.key:      microseconds(took),
		binarySize.key:     float64(file.Size()),
		residentMemory.key: float64(rss),
	}, err
}
