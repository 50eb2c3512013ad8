package limiter

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// small is a limiter with a table of one set, so that all keys meet in it.
func small(rate float64, burst int) *Limiter {
	return New(Config{Rate: rate, Burst: burst, MaxClients: 4, IPv6Prefix: 64})
}

// keyOf is the key of the i-th client, counted from 1, in a limiter made by small.
func keyOf(i int) uint64 { return uint64(i) << tatBits }

// ask sends n requests at one instant and returns how many were granted.
func ask(l *Limiter, key uint64, now time.Duration, n int) (granted int) {
	for range n {
		if l.Allow(key, now).OK {
			granted++
		}
	}
	return granted
}

func TestAllow(t *testing.T) {
	// A client gets a burst at once, then one request per interval, and saves up to a burst again.
	const ms, s = time.Millisecond, time.Second
	type step struct {
		at            time.Duration
		asks, granted int
	}
	for _, tt := range []struct {
		name  string
		rate  float64
		burst int
		steps []step
	}{
		{"a burst at once", 10, 3, []step{{0, 5, 3}}},
		{"a burst at any instant", 10, 10, []step{{1234567891, 20, 10}}},
		{"a burst in pieces", 10, 3, []step{{0, 2, 2}, {1 * ms, 2, 1}, {2 * ms, 1, 0}}},
		{"one per interval", 10, 1, []step{
			{0, 2, 1}, {99 * ms, 1, 0}, {100 * ms, 2, 1}, {200 * ms, 2, 1}, {300 * ms, 2, 1},
		}},
		{"refill is gradual", 10, 3, []step{
			{0, 3, 3}, {99 * ms, 1, 0}, {100 * ms, 2, 1}, {300 * ms, 3, 2}, {350 * ms, 1, 0}, {400 * ms, 2, 1},
		}},
		{"no more than a burst is saved", 10, 3, []step{{0, 3, 3}, {300 * ms, 5, 3}, {3600 * s, 5, 3}}},
		{"refused requests cost nothing", 10, 1, []step{{0, 1000, 1}, {50 * ms, 1000, 0}, {100 * ms, 1, 1}}},
		{"half a request per second", 0.5, 1, []step{
			{0, 2, 1}, {1 * s, 1, 0}, {1999 * ms, 1, 0}, {2 * s, 2, 1}, {4 * s, 2, 1},
		}},
		{"one request per three seconds", 1.0 / 3, 2, []step{
			{0, 3, 2}, {2999 * ms, 1, 0}, {3001 * ms, 2, 1}, {6002 * ms, 2, 1},
		}},
		{"one request per day", 1.0 / 86400, 1, []step{{0, 2, 1}, {86399 * s, 1, 0}, {86401 * s, 2, 1}}},
		{"a thousand per second", 1000, 5, []step{{0, 9, 5}, {1 * ms, 9, 1}, {4 * ms, 9, 3}, {1 * s, 9, 5}}},
		{"the largest rate", MaxRate, 2, []step{{0, 9, 2}, {9999, 9, 0}, {10000, 9, 1}, {20000, 9, 1}, {1 * s, 9, 2}}},
		{"the largest burst", 10, MaxBurst, []step{
			{0, MaxBurst + 5, MaxBurst}, {100 * ms, 5, 1}, {10 * s, MaxBurst, 99},
		}},
		{"an earlier time is no gain", 10, 2, []step{{1 * s, 3, 2}, {0, 1, 0}, {1099 * ms, 1, 0}, {1100 * ms, 2, 1}}},
		{"a negative time is zero", 10, 2, []step{{-5 * s, 3, 2}, {-1, 1, 0}, {99 * ms, 1, 0}, {100 * ms, 2, 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := small(tt.rate, tt.burst)
			for _, s := range tt.steps {
				require.Equal(t, s.granted, ask(l, keyOf(1), s.at, s.asks), "granted of %d at %v", s.asks, s.at)
			}
		})
	}
}

func TestDecision(t *testing.T) {
	// A decision tells how much is left of the burst, and how long to wait once nothing is.
	l := small(10, 3)
	const ms = time.Millisecond
	require.Equal(t, Decision{OK: true, Remaining: 2}, l.Allow(keyOf(1), 0))
	require.Equal(t, Decision{OK: true, Remaining: 1}, l.Allow(keyOf(1), 99*ms))
	require.Equal(t, Decision{OK: true, Remaining: 1}, l.Allow(keyOf(1), 100*ms))
	require.Equal(t, Decision{OK: true, Remaining: 0}, l.Allow(keyOf(1), 100*ms))
	require.Equal(t, Decision{RetryAfter: 100 * ms}, l.Allow(keyOf(1), 100*ms))
	require.Equal(t, Decision{RetryAfter: 30 * ms}, l.Allow(keyOf(1), 170*ms))
	require.Equal(t, Decision{OK: true, Remaining: 2}, l.Allow(keyOf(1), time.Hour))
}

func TestRetryAfter(t *testing.T) {
	// A client that waits for RetryAfter is granted a request, and one that is a nanosecond early is not.
	for _, rate := range []float64{1e-4, 0.1, 0.5, 1.0 / 3, 1, 3, 7.7, 10, 333.3, 1000, 12_345.6, MaxRate} {
		for _, burst := range []int{1, 2, 7, 1000} {
			l := small(rate, burst)
			now := 987_654_321 * time.Nanosecond
			for range 3 {
				require.Equal(t, burst, ask(l, keyOf(1), now, burst), "rate %v, burst %d", rate, burst)
				d := l.Allow(keyOf(1), now)
				require.False(t, d.OK)
				require.Positive(t, d.RetryAfter)
				require.False(t, l.Allow(keyOf(1), now+d.RetryAfter-1).OK, "rate %v, burst %d", rate, burst)
				require.True(t, l.Allow(keyOf(1), now+d.RetryAfter).OK, "rate %v, burst %d", rate, burst)
				now += 2 * time.Duration(float64(burst)/rate*float64(time.Second))
			}
		}
	}
}

func TestRetryAfterIsFiniteAtAbsurdRates(t *testing.T) {
	// A wait of more than a lifetime is still a positive Duration that can be added to now.
	for _, rate := range []float64{1e-9, 1e-15, 1e-100, math.SmallestNonzeroFloat64} {
		l := small(rate, 1)
		require.True(t, l.Allow(keyOf(1), time.Hour).OK)
		d := l.Allow(keyOf(1), 2*time.Hour)
		require.False(t, d.OK)
		require.Greater(t, d.RetryAfter, 24*time.Hour)
		require.Positive(t, 2*time.Hour+d.RetryAfter)
	}
}

func TestNewRefusesWhatIsOutOfRange(t *testing.T) {
	// A value outside its documented range is a mistake of the program and stops it at once.
	good := Config{Rate: MaxRate, Burst: MaxBurst, MaxClients: 1, IPv6Prefix: 128}
	require.NotPanics(t, func() { New(good) })
	for name, spoil := range map[string]func(*Config){
		"rate 0":             func(c *Config) { c.Rate = 0 },
		"rate below 0":       func(c *Config) { c.Rate = -1 },
		"rate NaN":           func(c *Config) { c.Rate = math.NaN() },
		"rate too large":     func(c *Config) { c.Rate = MaxRate + 1 },
		"burst 0":            func(c *Config) { c.Burst = 0 },
		"burst too large":    func(c *Config) { c.Burst = MaxBurst + 1 },
		"clients 0":          func(c *Config) { c.MaxClients = 0 },
		"clients too many":   func(c *Config) { c.MaxClients = MaxTable + 1 },
		"IPv6 prefix 0":      func(c *Config) { c.IPv6Prefix = 0 },
		"IPv6 prefix longer": func(c *Config) { c.IPv6Prefix = 129 },
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			spoil(&c)
			require.Panics(t, func() { New(c) })
		})
	}
}

func TestLimiterTellsItsConfig(t *testing.T) {
	// What a limiter was made with can be read back, to be shown beside the current values.
	l := New(Config{Rate: 0.25, Burst: 7, MaxClients: 1000, IPv6Prefix: 56})
	require.Equal(t, 0.25, l.Rate())
	require.Equal(t, 7, l.Burst())
	require.Equal(t, 1000, l.MaxClients())
}
