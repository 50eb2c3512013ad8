package engine

import (
	"testing"
	"time"
)

var noDeadline time.Time

// BenchmarkPath is one request through the whole proxy over loopback, client and
// backend included.
func BenchmarkPath(b *testing.B) {
	for _, name := range []string{"get", "post"} {
		b.Run(name, func(b *testing.B) {
			p := startProxy(b, ordinary)
			quietBackend(p.backend("a"))
			quietBackend(p.backend("b"))
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				r := newRoundTrips(b, p, requests[name])
				for pb.Next() {
					if err := r.do(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
