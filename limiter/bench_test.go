package limiter

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkAllow measures one decision, all at one instant. In "limited" the budget is used up, in
// "granted" it is larger than any Burst could make it and lasts for the benchmark. The metric
// grants/op tells that the benchmark measured what it says.
func BenchmarkAllow(b *testing.B) {
	for _, n := range []int{1, 100_000} {
		l := New(Config{Rate: MaxRate, Burst: 1, MaxClients: 262_144, IPv6Prefix: 64})
		keys := make([]uint64, n)
		for i := range keys {
			keys[i] = l.Key(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
			l.Allow(keys[i], 0)
		}
		b.Run(fmt.Sprintf("keys=%d/limited", n), func(b *testing.B) { benchmarkAllow(b, l, keys) })
		l.tolerance = 1 << (tatBits - 1)
		b.Run(fmt.Sprintf("keys=%d/granted", n), func(b *testing.B) { benchmarkAllow(b, l, keys) })
	}
}

func benchmarkAllow(b *testing.B, l *Limiter, keys []uint64) {
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		a := asker{l: l, keys: keys}
		for b.Loop() {
			a.ask()
		}
		b.ReportMetric(float64(a.grants)/float64(b.N), "grants/op")
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		var part, grants atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			a := asker{l: l, keys: keys, k: int(part.Add(1)) * (len(keys) / 16) % len(keys)}
			for pb.Next() {
				a.ask()
			}
			grants.Add(a.grants)
		})
		b.ReportMetric(float64(grants.Load())/float64(b.N), "grants/op")
	})
}

// asker asks for one key after the other, and starts over after the last.
type asker struct {
	l    *Limiter
	keys []uint64

	k      int
	grants int64
}

func (a *asker) ask() {
	if a.l.Allow(a.keys[a.k], 0).OK {
		a.grants++
	}
	if a.k++; a.k == len(a.keys) {
		a.k = 0
	}
}

// BenchmarkNewcomer measures the decision about a client that nobody remembers, with the table as
// full as it gets.
func BenchmarkNewcomer(b *testing.B) {
	l := New(Config{Rate: 10, Burst: 10, MaxClients: 1024, IPv6Prefix: 64})
	key, now := uint64(0), time.Second
	for b.Loop() {
		key += 0x9e37_79b9_7f4a_7c15
		now += 100 * time.Microsecond
		l.Allow(key, now)
	}
}

func BenchmarkKey(b *testing.B) {
	l := New(Config{Rate: 10, Burst: 10, MaxClients: 1024, IPv6Prefix: 64})
	for name, addr := range map[string]string{"v4": "192.0.2.7", "v6": "2001:db8::7"} {
		b.Run(name, func(b *testing.B) {
			a := netip.MustParseAddr(addr)
			b.ReportAllocs()
			for b.Loop() {
				l.Key(a)
			}
		})
	}
}

// BenchmarkChange measures a change of the rate with a table of the default size, half full.
func BenchmarkChange(b *testing.B) {
	l := New(Config{Rate: 10, Burst: 10, MaxClients: 262_144, IPv6Prefix: 64})
	for i := range l.MaxClients() {
		l.Allow(l.Key(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})), 0)
	}
	for i := 0; b.Loop(); i++ {
		l = l.Change(Config{Rate: []float64{1000, 10}[i%2], Burst: 10, MaxClients: 262_144, IPv6Prefix: 64}, 0)
	}
}
