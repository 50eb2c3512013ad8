//go:build linux

package main

import (
	"context"
	"time"
)

// A method is a way to measure an entrant.
type method interface {
	// figures are what a turn gives, in the order of the table. The first is the
	// one to compare by.
	figures() []figure

	// tools names the load generators it needs.
	tools() []string

	// fresh reports whether a turn starts the contender itself, and ends it.
	fresh() bool

	// prepare is called once, when all entrants are warm.
	prepare(context.Context, *rig) error

	// turn measures an entrant once.
	turn(context.Context, *rig, *entrant) (sample, error)

	// turnTime is about what a turn takes.
	turnTime(settings) time.Duration
}

// meter reads what an entrant's process tree uses from start to stop.
type meter struct {
	pid    int
	start  time.Time
	before time.Duration

	elapsed, used time.Duration
	rss           int64
}

func startMeter(e *entrant) (*meter, error) {
	before, err := treeCPU(e.process.pid())
	return &meter{pid: e.process.pid(), start: time.Now(), before: before}, err
}

func (m *meter) stop() error {
	m.elapsed = time.Since(m.start)
	after, err := treeCPU(m.pid)
	if err != nil {
		return err
	}
	m.used = after - m.before
	m.rss, err = treeRSS(m.pid)
	return err
}

// fill adds to s what was used while so many requests were served.
func (m *meter) fill(s sample, requests int) {
	s[cpuPerRequest.key] = microseconds(m.used) / float64(requests)
	s[cpuShare.key] = m.used.Seconds() / m.elapsed.Seconds()
	s[residentMemory.key] = float64(m.rss)
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
