package engine

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// recentSamples is how many samples, one each watchInterval, are kept of a tally:
// what the status calls recent is what came since the oldest of them.
const recentSamples = 10

// recent tells what tallies have counted in the last seconds. It is sampled and
// asked by goroutines that are in no hurry; those that count know nothing of it.
type recent struct {
	mu   sync.Mutex
	of   map[*tallyStripe]*sampled // by the first stripe, which is the identity of a tally
	turn int
}

// sampled holds the last samples of one tally.
type sampled struct {
	samples [recentSamples]sample
	taken   int // of all times
	turn    int // the last in which the tally was there
}

// sample is what a tally showed at a time.
type sample struct {
	at time.Duration
	histogram
}

// histogram holds the number of requests by duration, as bucketBounds has them.
type histogram [len(bucketBounds) + 1]uint64

func (t tally) histogram() (h histogram) {
	for i := range h {
		h[i] = t.sum(func(s *tallyStripe) *atomic.Uint64 { return &s.buckets[i] })
	}
	return h
}

// sample takes a sample of all tallies of the pools, and forgets those that
// belong to none of them any more.
func (r *recent) sample(pools []*servicePool, now time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = make(map[*tallyStripe]*sampled)
	}
	r.turn++
	for _, p := range pools {
		r.take(p.tally, now)
		for _, b := range p.All() {
			r.take(countersOf(b).tally, now)
		}
	}
	maps.DeleteFunc(r.of, func(_ *tallyStripe, w *sampled) bool { return w.turn != r.turn })
}

func (r *recent) take(t tally, now time.Duration) {
	w := r.of[&t[0]]
	if w == nil {
		w = &sampled{}
		r.of[&t[0]] = w
	}
	w.samples[w.taken%recentSamples] = sample{now, t.histogram()}
	w.taken++
	w.turn = r.turn
}

// since returns what t has counted since its oldest sample, and for how long that
// is. Both are zero when there is none yet.
func (r *recent) since(t tally, now time.Duration) (h histogram, span time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.of[&t[0]]
	if w == nil {
		return h, 0
	}
	oldest := &w.samples[0]
	if w.taken >= recentSamples {
		oldest = &w.samples[w.taken%recentSamples]
	}
	h = t.histogram()
	for i := range h {
		h[i] -= oldest.histogram[i]
	}
	return h, now - oldest.at
}

// total returns the number of all requests in h.
func (h *histogram) total() (n uint64) {
	for _, in := range h {
		n += in
	}
	return n
}

// quantile returns the duration that a share q of the requests stayed within,
// with those of a bucket spread evenly over it. Above the last bound nothing is
// known: there it returns that. h must not be empty.
func (h *histogram) quantile(q float64) time.Duration {
	rank := q * float64(h.total())
	below := 0.0
	lower := time.Duration(0)
	for i, upper := range bucketBounds {
		in := float64(h[i])
		if in > 0 && below+in >= rank {
			return lower + time.Duration(float64(upper-lower)*(rank-below)/in)
		}
		below, lower = below+in, upper
	}
	return lower
}
