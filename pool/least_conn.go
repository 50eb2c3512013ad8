package pool

import "sync/atomic"

// leastConn takes the backend with the fewest inflight exchanges by weight.
// Equals take turns.
type leastConn struct {
	list []*Backend
	turn *atomic.Uint64
}

func newLeastConn(list []*Backend, turn *atomic.Uint64) Picker {
	return &leastConn{list: list, turn: turn}
}

func (l *leastConn) Pick() *Backend {
	best := l.list[0]
	load, equals := best.inflight.Load()+1, uint64(1)
	for _, b := range l.list[1:] {
		// (inflight+1)/weight compared without dividing.
		x := b.inflight.Load() + 1
		switch this, least := x*best.weight, load*b.weight; {
		case this < least:
			best, load, equals = b, x, 1
		case this == least:
			equals++
		}
	}
	if equals == 1 {
		return best
	}
	n := l.turn.Add(1) % equals
	if equals == uint64(len(l.list)) {
		return l.list[n]
	}
	return l.equal(best, load, n)
}

// equal returns the n-th of those that are as loaded as best was when it had that
// load. To begin the search at another place each time would not do: whoever
// comes after a busy backend would get that one's turns too.
func (l *leastConn) equal(best *Backend, load int64, n uint64) *Backend {
	for _, b := range l.list {
		if (b.inflight.Load()+1)*best.weight != load*b.weight {
			continue
		}
		if n == 0 {
			return b
		}
		n--
	}
	return best // the loads changed meanwhile
}
