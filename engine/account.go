package engine

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// account counts what the exchange leaves behind, and ends its attempt: the
// last byte is out.
func (x *exchange) account() {
	c := x.conn
	c.counters.finished.Add(1)
	if x.rejected {
		c.counters.rejected[x.reason].Add(1)
	}
	now := http1.Now()
	c.restAt = now
	if x.done > 0 {
		now = x.done
	}
	if x.pool != nil {
		x.pool.tally[c.stripe].add(x.status, now-x.now)
	}
	if x.backend != nil {
		countersOf(x.backend).tally[c.stripe].add(x.status, now-x.began)
		x.backend.End()
		x.backend = nil
	}
	if x.snap.log != nil {
		x.writeLog(c.restAt)
	}
}

// stripes are the counters of the whole process. What every exchange counts is
// striped: a connection counts in one stripe for its life, so that two CPUs
// rarely write the same cache line; a scrape adds the stripes up.
type stripes struct {
	of   []counters
	turn atomic.Uint32
}

// counters are one stripe of what does not belong to a pool.
type counters struct {
	started  atomic.Uint64 // exchanges
	finished atomic.Uint64
	received atomic.Uint64 // bytes from clients
	sent     atomic.Uint64 // bytes to clients
	rejected [reasons]atomic.Uint64
	panics   atomic.Uint64
	_        [cacheLine]byte
}

const cacheLine = 64

func newStripes() stripes {
	n := 1
	for n < runtime.GOMAXPROCS(0) {
		n *= 2
	}
	return stripes{of: make([]counters, n)}
}

// next returns the stripe of a new connection.
func (s *stripes) next() (index int, c *counters) {
	index = int(s.turn.Add(1)) % len(s.of)
	return index, &s.of[index]
}

// sum adds one counter up over all stripes.
func (s *stripes) sum(counter func(*counters) *atomic.Uint64) (n uint64) {
	for i := range s.of {
		n += counter(&s.of[i]).Load()
	}
	return n
}

// tally counts requests of one pool or one backend, by stripe.
type tally []tallyStripe

func (s *stripes) newTally() tally { return make(tally, len(s.of)) }

// tallyStripe is one stripe of a tally.
type tallyStripe struct {
	codes   [classes]atomic.Uint64 // by class of status
	buckets [len(bucketBounds) + 1]atomic.Uint64
	nanos   atomic.Uint64          // the sum of all durations
	errors  [reasons]atomic.Uint64 // failed attempts
	retries atomic.Uint64
	_       [cacheLine]byte
}

// classes are 1xx to 5xx; a status out of them counts as the nearest.
const classes = 5

// bucketBounds are the upper bounds of the latency histograms.
var bucketBounds = [...]time.Duration{
	500 * time.Microsecond, 1 * time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	250 * time.Millisecond, 500 * time.Millisecond, 1 * time.Second, 2500 * time.Millisecond,
	5 * time.Second, 10 * time.Second, 30 * time.Second,
}

// add counts one request with the status its client got and its duration.
func (t *tallyStripe) add(status int, took time.Duration) {
	t.codes[min(max(status/100, 1), classes)-1].Add(1)
	i := 0
	for i < len(bucketBounds) && took > bucketBounds[i] {
		i++
	}
	t.buckets[i].Add(1)
	t.nanos.Add(uint64(max(0, took)))
}

// sum adds one counter up over all stripes.
func (t tally) sum(counter func(*tallyStripe) *atomic.Uint64) (n uint64) {
	for i := range t {
		n += counter(&t[i]).Load()
	}
	return n
}

// requests returns the number of all requests so far.
func (t tally) requests() (n uint64) {
	for class := range classes {
		n += t.sum(func(s *tallyStripe) *atomic.Uint64 { return &s.codes[class] })
	}
	return n
}
