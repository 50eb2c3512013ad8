package limiter

import (
	"math"
	"math/big"
	"math/bits"
	"time"
)

// clock converts time to ticks and back. It multiplies by a fixed-point number of 64+shift
// fractional bits: floating point has too few digits to count single nanoseconds for years.
type clock struct {
	intervalBits uint // an interval of 1/rate is 1 << intervalBits ticks

	mult  uint64 // ticks per nanosecond, times 2^(64+shift)
	shift uint
}

// newClock chooses the finest ticks for which Lifetime and burst intervals still fit into a TAT.
//
// The multiplier is rounded up, so that an instant that is a whole number of ticks stays one. This
// makes time run fast by a factor of less than 1 + 2^-63, or a tenth of a nanosecond in Lifetime.
func newClock(rate float64, burst int) clock {
	var c clock
	intervals := Lifetime.Seconds()*rate + float64(burst)
	for math.Ldexp(intervals, int(c.intervalBits)+1) <= tatMask {
		c.intervalBits++
	}
	exact := new(big.Rat).SetFloat64(math.Ldexp(rate, int(c.intervalBits)))
	num, den := exact.Num(), new(big.Int).Mul(exact.Denom(), big.NewInt(int64(time.Second)))
	for c.shift = 63; ; c.shift-- {
		m := new(big.Int).Lsh(num, 64+c.shift)
		m.Add(m, den).Sub(m, big.NewInt(1)).Div(m, den)
		if m.IsUint64() {
			c.mult = m.Uint64()
			return c
		}
	}
}

// tick is the number of whole ticks in now, which must not be negative.
func (c clock) tick(now time.Duration) uint64 {
	hi, _ := bits.Mul64(uint64(now), c.mult)
	return hi >> c.shift
}

// reach is the first time at which tick is shown. It is the longest Duration if that is too short.
func (c clock) reach(tick uint64) time.Duration {
	hi := tick << c.shift
	if hi>>c.shift != tick || hi >= c.mult {
		return math.MaxInt64
	}
	t, rest := bits.Div64(hi, 0, c.mult)
	if rest > 0 {
		t++
	}
	return time.Duration(min(t, math.MaxInt64))
}
