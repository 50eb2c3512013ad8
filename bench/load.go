//go:build linux

package main

import (
	"context"
	"time"
)

// patience is how long a load generator waits for an answer before it counts an
// error.
const patience = 5 * time.Second

// throughput is what a load generator counted that asks as fast as answers come.
type throughput struct {
	requests  int
	perSecond float64
	p50, p99  time.Duration
	errors    int // failed connections, reads and writes, time-outs, and answers beyond 3xx
}

// load asks an entrant as fast as answers come, over the variant's connections. It
// runs for whole seconds.
func (r *rig) load(ctx context.Context, e *entrant, duration time.Duration) (throughput, error) {
	if e.variant.tls != 0 && e.variant.closing {
		return r.handshakes(ctx, e, duration)
	}
	return r.wrk(ctx, e, duration)
}
