package pool

import "slices"

// Update makes the pool what c says, while it serves. It cannot fail. It is not
// called after Close; the name stays as it is.
//
// A backend whose address is in both configurations stays the same Backend, with
// its connections, health, inflight count and overrides. All its settings take
// effect at once. When its TLS is another, or the time a connection may be idle,
// its idle connections are closed and those in use are not used again.
//
// A backend that is not in c any more gets no new requests. Those inflight come to
// their end; until then it is among Leaving.
//
// A backend that is new is picked after its first successful probe, or at once
// while no other is up, or when there are no probes.
func (p *Pool) Update(c Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	reprobe := c.Probe != p.config.Probe
	before := p.backends
	p.config = c
	limits := &c.Limits
	backends, kept := make([]*Backend, len(c.Backends)), make(map[*Backend]bool)
	known := p.known()
	for i, bc := range c.Backends {
		b := known[bc.Addr]
		if b == nil {
			b = newBackend(p, bc.Addr, p.newcomer())
			if c.Owner != nil {
				b.Owner = c.Owner(b.Addr)
			}
		}
		b.configure(bc, limits)
		backends[i], kept[b] = b, true
	}
	p.backends = backends
	for _, b := range before {
		if !kept[b] {
			p.leave(b)
		}
	}
	for _, b := range backends {
		p.stay(b, reprobe)
	}
	p.tellProbed()
	p.settle()
}

// known returns the backends there are by address.
func (p *Pool) known() map[string]*Backend {
	known := make(map[string]*Backend, len(p.backends))
	for _, b := range slices.Concat(p.leaving, p.backends) {
		known[b.Addr] = b
	}
	return known
}

// newcomer returns the state of a backend that is added now.
func (p *Pool) newcomer() State {
	if p.started && p.config.Probe.Interval > 0 {
		return Unprobed
	}
	return Up
}

// stay makes ready a backend that is in the configuration: one that was leaving
// comes back, one that is new is probed, and the probes of the others go on, or
// begin anew when they have changed.
func (p *Pool) stay(b *Backend, reprobe bool) {
	switch {
	case b.leaving.Swap(false):
		p.leaving = slices.DeleteFunc(p.leaving, func(other *Backend) bool { return other == b })
		b.health = health{state: p.newcomer()}
		p.shift(b, "back in the configuration")
	case reprobe && p.config.Probe.Interval == 0:
		b.health = health{}
		p.shift(b, "not probed any more: health_check.interval is 0")
	default:
		p.shift(b, drained)
	}
	if reprobe {
		b.endProbes()
	}
	p.beginProbes(b)
}

// leave takes a backend out of the pool.
func (p *Pool) leave(b *Backend) {
	b.endProbes()
	b.leaving.Store(true) // before inflight is read, so that End or this sees the other
	b.link.Load().close()
	if b.Inflight() > 0 {
		p.leaving = append(p.leaving, b)
	}
	p.shift(b, "removed from the configuration")
}

// left is called when a backend that is leaving has nothing inflight.
func (p *Pool) left(b *Backend) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b.Inflight() == 0 {
		p.leaving = slices.DeleteFunc(p.leaving, func(other *Backend) bool { return other == b })
	}
}

// Leaving returns the backends that are not in the configuration any more and
// have attempts inflight. They are draining.
func (p *Pool) Leaving() []*Backend {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.leaving)
}

// All returns the backends of the configuration and those that are leaving it.
func (p *Pool) All() []*Backend {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Concat(p.backends, p.leaving)
}
