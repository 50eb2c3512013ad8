package pool

import (
	"math/rand/v2"
	"sync/atomic"
)

// leastConn takes the backend with the fewest inflight exchanges by weight.
// Equals take turns.
type leastConn struct {
	list []candidate
	turn *atomic.Uint64
}

func newLeastConn(list []candidate, turn *atomic.Uint64) Picker {
	return &leastConn{list: list, turn: turn}
}

// exact is up to how many backends all are compared. With more of them, each pick
// compares so many that follow each other from a random place on: the best of
// them is rarely worse than the second-best of all, and the cost of a pick does
// not grow with the number of backends (Mitzenmacher, The Power of Two Choices in
// Randomized Load Balancing, 2001).
const exact = 32

func (l *leastConn) Pick() *Backend {
	if len(l.list) > exact {
		return l.sample()
	}
	best := l.list[0]
	load, equals := best.load(), uint64(1)
	for _, c := range l.list[1:] {
		// (inflight+1)/weight compared without dividing.
		x := c.load()
		switch this, least := x*best.weight, load*c.weight; {
		case this < least:
			best, load, equals = c, x, 1
		case this == least:
			equals++
		}
	}
	if equals == 1 {
		return best.backend
	}
	n := l.turn.Add(1) % equals
	if equals == uint64(len(l.list)) {
		return l.list[n].backend
	}
	return l.equal(best, load, n)
}

// equal returns the n-th of those that are as loaded as best was when it had that
// load. To begin the search at another place each time would not do: whoever
// comes after a busy backend would get that one's turns too.
func (l *leastConn) equal(best candidate, load int64, n uint64) *Backend {
	for _, c := range l.list {
		if c.load()*best.weight != load*c.weight {
			continue
		}
		if n == 0 {
			return c.backend
		}
		n--
	}
	return best.backend // the loads changed meanwhile
}

// sample returns the least loaded of a few.
func (l *leastConn) sample() *Backend {
	n := len(l.list)
	at := rand.IntN(n)
	best := l.list[at]
	load := best.load()
	for range exact/2 - 1 {
		if at++; at == n {
			at = 0
		}
		c := l.list[at]
		if x := c.load(); x*best.weight < load*c.weight {
			best, load = c, x
		}
	}
	return best.backend
}

// load is what a backend would carry with one exchange more.
func (c candidate) load() int64 { return c.backend.inflight.Load() + 1 }
