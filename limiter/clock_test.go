package limiter

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var clockRates = []float64{1e-6, 0.1, 0.5, 1.0 / 3, 1, 3, 9.99, 10, 100, 1000, 3333.3, 54_321, MaxRate}

// exactTicks is the number of ticks in now, by arithmetic that does not round.
func exactTicks(c clock, rate float64, now time.Duration) *big.Rat {
	x := new(big.Rat).SetFloat64(math.Ldexp(rate, int(c.intervalBits)))
	return x.Mul(x, big.NewRat(int64(now), int64(time.Second)))
}

func TestTicksAreExact(t *testing.T) {
	// A tick is shown from its own nanosecond on, not a nanosecond before or after, for Lifetime.
	for _, rate := range clockRates {
		c := newClock(rate, 10)
		for _, now := range []time.Duration{1, 999, time.Millisecond, time.Second, 123456789012345, Lifetime} {
			tick := c.tick(now)
			require.LessOrEqual(t, big.NewRat(int64(tick), 1).Cmp(exactTicks(c, rate, now)), 0, "rate %v at %v", rate, now)
			require.Positive(t, big.NewRat(int64(tick)+1, 1).Cmp(exactTicks(c, rate, now)), "rate %v at %v", rate, now)

			next := c.reach(tick + 1)
			require.Equal(t, tick+1, c.tick(next), "rate %v", rate)
			require.Equal(t, tick, c.tick(next-1), "rate %v", rate)
		}
	}
}

func TestTicksAreFine(t *testing.T) {
	// A tick is never longer than an interval nor than 19 microseconds, unless the burst lasts for years.
	for _, rate := range clockRates {
		c := newClock(rate, 10)
		require.GreaterOrEqual(t, c.mult, uint64(1)<<63, "rate %v wastes digits", rate)
		if rate >= 0.1 {
			require.Less(t, c.reach(1), 19*time.Microsecond, "rate %v", rate)
		}
	}
}

func TestLifetime(t *testing.T) {
	// After years of uptime decisions are still right to the nanosecond.
	for _, rate := range []float64{0.5, 10, 1000, 99_999, MaxRate} {
		for _, burst := range []int{1, 10, MaxBurst} {
			interval := time.Duration(math.Ceil(float64(time.Second) / rate))
			for _, now := range []time.Duration{Lifetime / 2, Lifetime} {
				l := small(rate, burst)
				require.Equal(t, burst, ask(l, keyOf(1), now, burst+3), "rate %v, burst %d", rate, burst)
				d := l.Allow(keyOf(1), now)
				require.False(t, d.OK)
				require.LessOrEqual(t, d.RetryAfter, interval)
				require.Greater(t, d.RetryAfter, interval-max(20*time.Microsecond, interval/8))
				require.False(t, l.Allow(keyOf(1), now+d.RetryAfter-1).OK)
				require.True(t, l.Allow(keyOf(1), now+d.RetryAfter).OK)
				require.Equal(t, uint64(1), l.sets[0][0].Load()>>tatBits, "the tag was overwritten")
			}
		}
	}
}

func TestAfterLifetimeAllAreGranted(t *testing.T) {
	// When TATs no longer fit, the limiter lets everybody in instead of nobody.
	for _, rate := range []float64{10, MaxRate} {
		l := small(rate, 5)
		require.Equal(t, 9, ask(l, keyOf(1), 3*Lifetime, 9))
		require.Equal(t, Decision{OK: true, Remaining: 4}, l.Allow(keyOf(1), math.MaxInt64))

		last := l.clock.reach(l.end+1) - 1
		require.Greater(t, last, Lifetime)
		require.Equal(t, 5, ask(l, keyOf(2), last, 9))
		require.Equal(t, uint64(2), l.sets[0][0].Load()>>tatBits, "the tag was overwritten")
		require.Equal(t, 9, ask(l, keyOf(2), last+1, 9))
	}
}
