package limiter

import (
	"math"
	"math/big"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// smallConfig is the Config of a limiter made by small.
func smallConfig(rate float64, burst int) Config {
	return Config{Rate: rate, Burst: burst, MaxClients: 4, IPv6Prefix: 64}
}

func TestChange(t *testing.T) {
	// A client owes after a change as many requests as before, at most the new burst, and pays them off
	// at the new rate.
	const ms, h = time.Millisecond, time.Hour
	type terms struct {
		rate  float64
		burst int
	}
	type step struct {
		at            time.Duration
		asks, granted int
	}
	for _, tt := range []struct {
		name   string
		from   terms
		before []step
		at     time.Duration
		to     terms
		after  []step
	}{
		{"a higher rate", terms{10, 10}, []step{{0, 12, 10}}, 0, terms{100, 10},
			[]step{{0, 1, 0}, {9 * ms, 1, 0}, {10 * ms, 2, 1}, {100 * ms, 20, 9}}},
		{"a lower rate", terms{100, 10}, []step{{0, 12, 10}}, 0, terms{10, 10},
			[]step{{0, 1, 0}, {99 * ms, 1, 0}, {100 * ms, 2, 1}, {1000 * ms, 20, 9}}},
		{"a lower rate, half paid", terms{100, 10}, []step{{0, 12, 10}}, 50 * ms, terms{10, 10},
			[]step{{50 * ms, 9, 5}, {149 * ms, 1, 0}, {150 * ms, 2, 1}}},
		{"a much lower rate", terms{1000, 10}, []step{{h, 12, 10}}, h, terms{0.001, 10},
			[]step{{h, 1, 0}, {h + 999*time.Second, 1, 0}, {h + 1000*time.Second, 2, 1}}},
		{"a much higher rate", terms{0.001, 10}, []step{{h, 12, 10}}, h, terms{1000, 10},
			[]step{{h, 1, 0}, {h + 1*ms, 2, 1}, {h + 10*ms, 20, 9}}},
		{"a larger burst", terms{10, 3}, []step{{0, 5, 3}}, 0, terms{10, 8}, []step{{0, 9, 5}, {100 * ms, 2, 1}}},
		{"a smaller burst", terms{10, 10}, []step{{0, 12, 10}}, 0, terms{10, 3},
			[]step{{0, 1, 0}, {99 * ms, 1, 0}, {100 * ms, 2, 1}, {400 * ms, 9, 3}}},
		{"a smaller burst, little owed", terms{10, 10}, []step{{0, 2, 2}}, 0, terms{10, 3}, []step{{0, 9, 1}}},
		{"both", terms{10, 10}, []step{{0, 4, 4}}, 0, terms{20, 6}, []step{{0, 9, 2}, {50 * ms, 2, 1}}},
		{"nothing owed", terms{10, 3}, []step{{0, 3, 3}}, h, terms{20, 5}, []step{{h, 9, 5}, {h + 50*ms, 2, 1}}},
		{"never seen", terms{10, 3}, nil, h, terms{20, 5}, []step{{h, 9, 5}}},
		{"a caller that is late", terms{10, 3}, []step{{h, 3, 3}}, h, terms{100, 3}, []step{{h - ms, 3, 0}, {h + 10*ms, 3, 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old := small(tt.from.rate, tt.from.burst)
			for _, s := range tt.before {
				require.Equal(t, s.granted, ask(old, keyOf(1), s.at, s.asks), "before, at %v", s.at)
			}
			l := old.Change(smallConfig(tt.to.rate, tt.to.burst), tt.at)
			require.Equal(t, tt.to.burst, l.Burst())
			for i, s := range tt.after {
				// It does not matter who still asks the old one.
				asked := []*Limiter{l, old}[i%2]
				require.Equal(t, s.granted, ask(asked, keyOf(1), s.at, s.asks), "after, at %v", s.at)
			}
		})
	}
}

func TestChangeIsExact(t *testing.T) {
	// A debt is the same number of requests before and after, at most one tick more, whatever the rates.
	random := rand.New(rand.NewPCG(9, 10))
	debt := func(l *Limiter, now time.Duration) *big.Rat {
		d := l.sets[0][0].Load()&tatMask - l.clock.tick(now)
		return big.NewRat(int64(d), 1<<l.clock.intervalBits)
	}
	for range 500 {
		rate := func() float64 { return math.Exp(random.Float64()*18.4 - 6.9) } // 0.001 to 100,000
		burst := 1 + random.IntN(100)
		now := time.Duration(random.Int64N(int64(Lifetime / 2)))
		old := small(rate(), burst)
		ask(old, keyOf(1), now, 1+random.IntN(burst))
		before := debt(old, now)
		l := old.Change(smallConfig(rate(), burst), now)
		after := debt(l, now)
		require.LessOrEqual(t, before.Cmp(after), 0, "forgiven")
		tick := big.NewRat(1, 1<<l.clock.intervalBits)
		require.Negative(t, after.Cmp(before.Add(before, tick)), "punished")
		require.EqualValues(t, 1, l.sets[0][0].Load()>>tatBits)
	}
}

func TestChangeKeepsEveryClient(t *testing.T) {
	// Nobody is lost on the way: neither the clients of a full set, nor the first instant, nor the first
	// and last of all tags, nor the budget that those without a word share.
	const lastTag = 1<<20 - 1
	old := small(10, 3)
	clients := []uint64{keyOf(0), keyOf(lastTag), keyOf(1), keyOf(2), keyOf(3), keyOf(4), keyOf(5), keyOf(6)}
	for _, key := range clients {
		require.Equal(t, 3, ask(old, key, 0, 3))
	}
	require.Equal(t, 2, ask(old, keyOf(overflowWords), 0, 2))
	l := old.Change(smallConfig(1000, 3), 0)
	require.Equal(t, setWords, l.Clients(0))
	require.Equal(t, setWords, old.Clients(0))
	for _, asked := range []*Limiter{old, l} {
		for _, key := range clients {
			require.Zero(t, ask(asked, key, 0, 3))
		}
	}
	require.Equal(t, 1, ask(old, keyOf(overflowWords), 0, 3))
	for _, key := range clients {
		require.Equal(t, 1, ask(old, key, time.Millisecond, 3))
		require.Zero(t, ask(l, key, time.Millisecond, 3))
	}
}

func TestChangeOfWhatKeysMean(t *testing.T) {
	// Another size of the table or another IPv6 prefix starts afresh; no difference changes nothing.
	l := small(10, 3)
	require.Equal(t, 3, ask(l, keyOf(1), 0, 5))
	require.Same(t, l, l.Change(l.config, 0))
	for _, spoil := range []func(*Config){func(c *Config) { c.MaxClients = 100 }, func(c *Config) { c.IPv6Prefix = 56 }} {
		c := l.config
		spoil(&c)
		fresh := l.Change(c, 0)
		require.NotSame(t, l, fresh)
		require.Zero(t, fresh.Clients(0))
		require.Equal(t, 1, l.Clients(0), "the old one stays as it is")
	}
	l.Change(smallConfig(20, 3), 0)
	require.Panics(t, func() { l.Change(smallConfig(30, 3), 0) })
}

func TestChangeWhileRequestsCome(t *testing.T) {
	// However many goroutines ask, on however old limiters, while the rate changes again and again,
	// each client gets one burst at one instant.
	const burst, clients, changes, goroutines = 5, 300, 12, 4
	const now = time.Hour
	c := Config{Rate: 10, Burst: burst, MaxClients: 1024, IPv6Prefix: 64}
	first := New(c)
	var limiters [changes + 1]atomic.Pointer[Limiter]
	for i := range limiters {
		limiters[i].Store(first)
	}
	var granted [clients]atomic.Int64
	together(goroutines+1, func(g int) {
		if g == goroutines {
			l := first
			for i := range changes {
				c.Rate = []float64{1000, 0.1, 10}[i%3] // with ticks of other lengths
				l = l.Change(c, now)
				for j := i + 1; j < len(limiters); j++ {
					limiters[j].Store(l)
				}
			}
			return
		}
		random := rand.New(rand.NewPCG(11, uint64(g)))
		for range clients * burst * 8 {
			k := random.Uint64N(clients) // two or three clients in each set that is used
			key := k%128 | k<<tatBits
			granted[k].Add(int64(ask(limiters[random.IntN(len(limiters))].Load(), key, now, 1)))
		}
	})
	for k := range granted {
		granted[k].Add(int64(ask(first, uint64(k)%128|uint64(k)<<tatBits, now, burst+1)))
		require.EqualValues(t, burst, granted[k].Load(), "client %d", k)
	}
}
