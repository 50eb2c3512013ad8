package pool

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Errors of what an operator asks for.
var (
	// ErrUnknownBackend is returned when the pool has no backend with the address.
	ErrUnknownBackend = errors.New("pool: no such backend")
	// ErrLastEligible is returned when no backend would be left for requests.
	ErrLastEligible = errors.New("pool: the last backend that can take requests")
	// ErrWeight is returned when a weight is not between 1 and MaxWeight.
	ErrWeight = fmt.Errorf("pool: the weight must be between 1 and %d; to send nothing, drain", MaxWeight)
)

// MaxWeight is the largest weight of a backend.
const MaxWeight = 1000

// drained is why a backend is Draining that an operator drained.
const drained = "drained by an operator"

// Override is what an operator has set for the backend at an address. It holds
// until it is taken back, through every Update, even while the configuration does
// not have the address.
type Override struct {
	Addr    string
	Drained bool
	Weight  int // 0: that of the configuration
}

// Drain keeps new requests away from a backend. Those inflight come to their end,
// and its probes go on. Without force it refuses to take the last backend that
// can take requests.
func (p *Pool) Drain(addr string, force bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.find(addr)
	if b == nil {
		return fmt.Errorf("%w: %s", ErrUnknownBackend, addr)
	}
	if !force && p.isLast(b) {
		return fmt.Errorf("%w: %s", ErrLastEligible, addr)
	}
	o := p.overrides[addr]
	o.Drained = true
	p.override(addr, o, drained)
	return nil
}

// Undrain takes Drain back.
func (p *Pool) Undrain(addr string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, ok := p.overrides[addr]
	if !ok && p.find(addr) == nil {
		return fmt.Errorf("%w: %s", ErrUnknownBackend, addr)
	}
	o.Drained = false
	p.override(addr, o, "undrained by an operator")
	return nil
}

// SetWeight makes the weight of a backend another than that of the configuration.
func (p *Pool) SetWeight(addr string, weight int) error {
	if weight < 1 || weight > MaxWeight {
		return fmt.Errorf("%w: %d", ErrWeight, weight)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.find(addr) == nil {
		return fmt.Errorf("%w: %s", ErrUnknownBackend, addr)
	}
	o := p.overrides[addr]
	o.Weight = weight
	p.override(addr, o, "")
	return nil
}

// ResetWeight takes SetWeight back.
func (p *Pool) ResetWeight(addr string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, ok := p.overrides[addr]
	if !ok && p.find(addr) == nil {
		return fmt.Errorf("%w: %s", ErrUnknownBackend, addr)
	}
	o.Weight = 0
	p.override(addr, o, "")
	return nil
}

// Overrides returns what operators have set, by address.
func (p *Pool) Overrides() []Override {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(maps.Values(p.overrides), func(a, b Override) int { return strings.Compare(a.Addr, b.Addr) })
}

// Restore sets what Overrides returned, in another process most likely. Those of
// other addresses stay. A weight out of bounds counts as 0.
func (p *Pool) Restore(list []Override) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range list {
		if o.Weight < 1 || o.Weight > MaxWeight {
			o.Weight = 0
		}
		p.override(o.Addr, o, drained)
	}
}

// override sets the override of an address; why is told if that changes a state.
// The mutex is held.
func (p *Pool) override(addr string, o Override, why string) {
	o.Addr = addr
	p.overrides[addr] = o
	if o == (Override{Addr: addr}) {
		delete(p.overrides, addr)
	}
	if b := p.find(addr); b != nil {
		p.shift(b, why)
		p.settle()
	}
}

// find returns the backend of the configuration at an address, nil when there is
// none. The mutex is held.
func (p *Pool) find(addr string) *Backend {
	for _, b := range p.backends {
		if b.Addr == addr {
			return b
		}
	}
	return nil
}

// isLast reports whether requests would have nowhere to go without b, or only to
// where nobody has looked yet. The mutex is held.
func (p *Pool) isLast(b *Backend) bool {
	state := b.State()
	if state != Up && state != Unprobed {
		return false
	}
	for _, other := range p.backends {
		if s := other.State(); other != b && (s == Up || s == state) {
			return false
		}
	}
	return true
}

// weightOf returns the weight of a backend that counts. The mutex is held.
func (p *Pool) weightOf(b *Backend) int64 {
	if w := p.overrides[b.Addr].Weight; w > 0 {
		return int64(w)
	}
	return b.weight
}
