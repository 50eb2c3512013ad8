package limiter

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// meter measures grants by arithmetic that does not round. Its level rises by one with every grant and
// falls with the rate. It is the most by which the grants in any window that ends now exceed rate times
// the window's length, so a limiter is right if and only if the level never exceeds the burst.
type meter struct {
	rate  *big.Rat // per nanosecond
	level *big.Rat
	at    time.Duration
}

func newMeter(rate float64) *meter {
	r := new(big.Rat).SetFloat64(rate)
	return &meter{rate: r.Quo(r, big.NewRat(int64(time.Second), 1)), level: new(big.Rat)}
}

// with returns the level that a grant at now would lead to.
func (m *meter) with(now time.Duration) *big.Rat {
	fallen := new(big.Rat).Mul(m.rate, big.NewRat(int64(now-m.at), 1))
	level := fallen.Sub(m.level, fallen)
	if level.Sign() < 0 {
		level.SetInt64(0)
	}
	return level.Add(level, big.NewRat(1, 1))
}

func (m *meter) grant(now time.Duration) {
	m.level, m.at = m.with(now), now
}

func TestLimiterAgreesWithExactArithmetic(t *testing.T) {
	// Over any window grants keep to burst and rate, and a request is limited only if granting it
	// would not; both up to what the rate allows in one tick.
	const clients, requests = 5, 3000
	for i, rate := range []float64{0.01, 0.5, 1.0 / 3, 1, 9.99, 10, 123.4, 5000, 77_777, MaxRate} {
		for _, burst := range []int{1, 2, 10} {
			t.Run(fmt.Sprintf("rate=%g/burst=%d", rate, burst), func(t *testing.T) {
				random := rand.New(rand.NewPCG(uint64(i), uint64(burst)))
				l := small(rate, burst)
				tick := math.Ldexp(1, -int(l.clock.intervalBits)) // in intervals, so in requests
				most := new(big.Rat).SetFloat64(float64(burst) + tick)
				least := new(big.Rat).SetFloat64(float64(burst) - tick)
				var meters [clients]*meter
				for c := range meters {
					meters[c] = newMeter(rate)
				}
				now, interval := time.Duration(0), float64(time.Second)/rate
				for range requests {
					// Mostly a little faster than the rate, sometimes nearly at once, sometimes a pause.
					pause := interval / clients * random.ExpFloat64() * 0.8
					switch random.IntN(10) {
					case 0:
						pause = float64(random.IntN(3))
					case 1:
						pause = interval * random.Float64() * float64(burst)
					}
					now += time.Duration(pause)
					c := random.IntN(clients)
					level := meters[c].with(now)
					if l.Allow(keyOf(c+1), now).OK {
						require.LessOrEqual(t, level.Cmp(most), 0, "granted too much at %v", now)
						meters[c].grant(now)
					} else {
						require.Positive(t, level.Cmp(least), "limited too early at %v", now)
					}
				}
			})
		}
	}
}
