package limiter

import (
	"runtime"
	"sync/atomic"
	"time"
)

// moved is what a word holds after its client has moved to another Limiter. No TAT is that large.
const moved = 1<<64 - 1

// successor is where the clients of a Limiter move when its rate or burst changes.
type successor struct {
	limiter *Limiter
	sets    atomic.Int64 // so many, counted from the first, have moved
}

// Change returns a Limiter with another Config whose clients owe what they owe in l, counted in
// requests: who has used up its burst has used up the new one, and who has sent three of ten has three
// of the new burst to its account, which are paid for at the new rate. Who owes more than the new
// burst owes the new burst. A Config that differs in MaxClients or IPv6Prefix makes a table that knows
// nobody, since keys mean something else in it. A Config that does not differ changes nothing: Change
// returns l.
//
// Requests go on meanwhile. From now on l gives the answers of the new Limiter, first for some clients
// and at last for all, so it does not matter how long somebody still uses it, but nobody can go back: it is
// called when nothing can fail any more, and once. No client is charged in two places. What may slip
// through, beyond a burst and the rate, are grants during the call: as many as the rate allows in its
// duration, and for clients charged to the overflow as many as a burst.
//
// The time now is that of Allow.
func (l *Limiter) Change(c Config, now time.Duration) *Limiter {
	if c == l.config {
		return l
	}
	n := New(c)
	if c.MaxClients != l.config.MaxClients || c.IPv6Prefix != l.config.IPv6Prefix {
		return n
	}
	n.keys = l.keys
	next := &successor{limiter: n}
	if !l.next.CompareAndSwap(nil, next) {
		panic("BUG: limiter: Change was called before")
	}
	in := newTerms(l, n, max(now, 0))
	for i := range l.overflow {
		n.overflow[i].Store(in.convert(l.overflow[i].Load()))
	}
	for i := range l.sets {
		l.sets[i].move(&n.sets[i], in)
		next.sets.Store(int64(i) + 1)
	}
	return n
}

// pass asks the successor, as soon as it knows the set of the key.
func (l *Limiter) pass(key uint64, now time.Duration) Decision {
	next, index := l.next.Load(), l.index(key)
	for uint64(next.sets.Load()) <= index {
		runtime.Gosched() // eight words are being moved
	}
	return next.limiter.Allow(key, now)
}

// move empties a set into another, which nobody looks at before it is told that the set has moved. The
// first word goes first: whoever finds it in place after reading the set has seen no word that had moved.
func (s *set) move(to *set, in terms) {
	var words [setWords]uint64
	for i := range s {
		words[i] = s[i].Swap(moved)
	}
	for i, w := range words {
		to[i].Store(in.convert(w))
	}
}

// terms are how a debt in one Limiter is expressed in another.
type terms struct {
	from, to         uint64 // what is now in ticks, there and here
	fromBits, toBits uint   // of an interval
	burst            uint64 // the new one
}

func newTerms(from, to *Limiter, now time.Duration) terms {
	return terms{
		from:     from.clock.tick(now),
		to:       to.clock.tick(now),
		fromBits: from.clock.intervalBits,
		toBits:   to.clock.intervalBits,
		burst:    uint64(to.config.Burst),
	}
}

// convert returns the word of a client in new terms. What does not come out even is rounded up to the
// next tick.
func (t terms) convert(w uint64) uint64 {
	if w == 0 {
		return 0
	}
	debt := w&tatMask - min(w&tatMask, t.from)
	switch {
	case debt>>t.fromBits >= t.burst:
		debt = t.burst << t.toBits
	case t.toBits >= t.fromBits:
		debt <<= t.toBits - t.fromBits
	default:
		shift := t.fromBits - t.toBits
		debt = (debt + 1<<shift - 1) >> shift
	}
	return max(w&^tatMask|min(t.to+debt, tatMask-1), 1) // a word in use is never 0
}
