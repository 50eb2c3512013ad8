package pool

import (
	"fmt"
	"time"
)

// Status is what there is to know about a backend at one moment.
type Status struct {
	Addr    string
	Backup  bool
	Leaving bool // it is not in the configuration any more

	State  State
	Since  time.Time // of the state
	Why    string    // of its last change; empty when there was none
	Health State     // what probes say, also while it is draining

	Weight     int  // that counts
	Configured int  // weight of the configuration
	Overridden bool // an operator has drained it or set its weight

	Inflight    int64
	Connections int // open ones
	Idle        int // those of them that nobody uses
	MaxConns    int // the most there may be
}

// Status returns what there is to know about b.
func (b *Backend) Status() Status {
	p := b.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	_, overridden := p.overrides[b.Addr]
	return Status{
		Addr:        b.Addr,
		Backup:      b.backup,
		Leaving:     b.leaving.Load(),
		State:       b.State(),
		Since:       b.since,
		Why:         b.why,
		Health:      b.health.state,
		Weight:      int(p.weightOf(b)),
		Configured:  int(b.weight),
		Overridden:  overridden,
		Inflight:    b.Inflight(),
		Connections: b.Connections(),
		Idle:        b.Idle(),
		MaxConns:    b.MaxConns(),
	}
}

// Headroom is what remains of a pool for requests if one backend is drained.
type Headroom struct {
	Backends, Of     int   // eligible then, and now
	Weight, OfWeight int64 // the sum of theirs
	Inflight         int64 // in the whole pool now, which those that remain would carry
	MaxConns         int64 // what those that remain can carry at a time
}

// Headroom returns what remains if the backend at an address is drained. When it is
// not eligible, that is everything. The error is ErrUnknownBackend.
func (p *Pool) Headroom(addr string) (Headroom, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.find(addr)
	if b == nil {
		return Headroom{}, fmt.Errorf("%w: %s", ErrUnknownBackend, addr)
	}
	var h Headroom
	now, _ := p.choose(nil)
	for _, c := range now {
		h.Of++
		h.OfWeight += c.weight
	}
	then, _ := p.choose(b)
	for _, c := range then {
		h.Backends++
		h.Weight += c.weight
		h.MaxConns += int64(c.backend.MaxConns())
	}
	for _, other := range p.backends {
		h.Inflight += other.Inflight()
	}
	return h, nil
}

// Share returns the part of the weight that remains, 0 to 1. It can be more where
// backups take the place of less.
func (h Headroom) Share() float64 {
	if h.OfWeight == 0 {
		return 0
	}
	return float64(h.Weight) / float64(h.OfWeight)
}
