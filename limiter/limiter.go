package limiter

import (
	"fmt"
	"sync/atomic"
	"time"
)

const (
	// MaxRate is the largest Config.Rate, in requests per second.
	MaxRate = 100_000

	// MaxBurst is the largest Config.Burst, in requests.
	MaxBurst = 1_000_000

	// MaxTable is the largest Config.MaxClients; its table takes 4 GiB.
	MaxTable = 1 << 28

	// Lifetime is how long a Limiter works, counted from zero on the caller's clock. Some time
	// later, at most as long again for ordinary rates, the ticks no longer fit into a word and
	// every request is granted.
	Lifetime = 5 * 366 * 24 * time.Hour
)

// Config says how much a client may do and how many clients are told apart.
type Config struct {
	// Rate is the average a client is held to, in requests per second: above 0, at most MaxRate.
	Rate float64

	// Burst is how many requests a client may send at once after a pause: 1 to MaxBurst.
	Burst int

	// MaxClients is how many live clients the table is made for: 1 to MaxTable. Each costs 16
	// to 32 bytes. A client is live until everything it was granted is paid for.
	MaxClients int

	// IPv6Prefix is how many leading bits of an IPv6 address name a client: 1 to 128.
	IPv6Prefix int
}

// Decision is the answer to one request.
type Decision struct {
	// OK reports whether the request may go on.
	OK bool

	// Remaining is how many more requests would be granted at this instant.
	Remaining int

	// RetryAfter is how long to wait until a request is granted if nobody else asks under the
	// same key meanwhile, exact to the nanosecond. It is 0 if and only if OK is true.
	RetryAfter time.Duration
}

// Limiter holds the budgets of all clients. It is made by New, must not be copied, and may be used
// by any number of goroutines.
type Limiter struct {
	config Config
	keys   keyer

	clock     clock
	interval  uint64 // 1/Rate, in ticks; 1 << clock.intervalBits
	tolerance uint64 // Burst intervals: how far a TAT may be ahead of now
	end       uint64 // the last tick whose TATs fit into a word

	sets     []set
	overflow []overflowWord

	next atomic.Pointer[successor] // nil before Change
}

// New makes a Limiter and allocates all the memory it will ever use. It panics if a field of c is
// outside the range documented with it: whoever reads a config from a user checks it first.
func New(c Config) *Limiter {
	mustBeValid(c)
	k := newClock(c.Rate, c.Burst)
	l := &Limiter{
		config:    c,
		keys:      newKeyer(c.IPv6Prefix),
		clock:     k,
		interval:  1 << k.intervalBits,
		tolerance: uint64(c.Burst) << k.intervalBits,
		sets:      newSets(c.MaxClients),
		overflow:  make([]overflowWord, overflowWords),
	}
	l.end = tatMask - 1 - l.tolerance // no word may look like one that has moved
	return l
}

func mustBeValid(c Config) {
	switch {
	case !(c.Rate > 0 && c.Rate <= MaxRate): // written so that NaN is refused
		panic(fmt.Sprintf("BUG: limiter: rate %v, want above 0 and at most %d", c.Rate, MaxRate))
	case c.Burst < 1 || c.Burst > MaxBurst:
		panic(fmt.Sprintf("BUG: limiter: burst %d, want 1 to %d", c.Burst, MaxBurst))
	case c.MaxClients < 1 || c.MaxClients > MaxTable:
		panic(fmt.Sprintf("BUG: limiter: max clients %d, want 1 to %d", c.MaxClients, MaxTable))
	case c.IPv6Prefix < 1 || c.IPv6Prefix > 128:
		panic(fmt.Sprintf("BUG: limiter: IPv6 prefix %d, want 1 to 128", c.IPv6Prefix))
	}
}

// Allow decides about one request of the client named by key, and charges the client if it is
// granted. The time now is what a monotonic clock shows since a start that is the same for all
// calls; a negative one counts as 0. Calls need not come in the order of their times.
func (l *Limiter) Allow(key uint64, now time.Duration) Decision {
	now = max(now, 0)
	tick := l.clock.tick(now)
	if tick > l.end {
		return Decision{OK: true, Remaining: l.config.Burst - 1}
	}
	s, tag := &l.sets[l.index(key)], key>>tatBits
	for {
		// A word of the past in somebody else's name is charged like one of our own.
		w, seen := s.find(tag)
		if seen>>tatBits != tag && s[0].Load() == moved {
			return l.pass(key, now)
		}
		if !mayTake(seen, tag, tick) {
			w = &l.overflow[tag%overflowWords].word
			seen = w.Load()
		}
		tat := max(seen&tatMask, tick) + l.interval
		if tat > tick+l.tolerance {
			if seen == moved {
				return l.pass(key, now)
			}
			return Decision{RetryAfter: l.clock.reach(tat-l.tolerance) - now}
		}
		if w.CompareAndSwap(seen, tag<<tatBits|tat) {
			return Decision{OK: true, Remaining: int((tick + l.tolerance - tat) >> l.clock.intervalBits)}
		}
	}
}

// index returns the place of a key's set.
func (l *Limiter) index(key uint64) uint64 { return key & uint64(len(l.sets)-1) }

// mayTake reports whether the client called tag may be charged to a word that holds seen: the word is
// its own, or it lies in the past, as one that was never used does.
func mayTake(seen, tag, tick uint64) bool {
	return seen>>tatBits == tag || seen&tatMask <= tick
}

// Clients counts the live clients by reading the whole table. Those charged to the overflow are not
// among them.
func (l *Limiter) Clients(now time.Duration) int {
	if next := l.next.Load(); next != nil {
		return next.limiter.Clients(now)
	}
	tick := l.clock.tick(max(now, 0))
	n := 0
	for i := range l.sets {
		n += l.sets[i].live(tick)
	}
	return n
}

// Rate is Config.Rate, in requests per second.
func (l *Limiter) Rate() float64 { return l.config.Rate }

// Burst is Config.Burst, in requests.
func (l *Limiter) Burst() int { return l.config.Burst }

// MaxClients is Config.MaxClients.
func (l *Limiter) MaxClients() int { return l.config.MaxClients }

// Bytes is the memory of the table and its overflow. It never changes.
func (l *Limiter) Bytes() int { return (len(l.sets) + len(l.overflow)) * cacheLine }
