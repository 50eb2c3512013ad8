package engine

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/limiter"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

var noDeadline time.Time

// BenchmarkPath is one request through the whole proxy over loopback, client and
// backend included.
func BenchmarkPath(b *testing.B) {
	for _, name := range []string{"get", "post"} {
		b.Run(name, func(b *testing.B) { benchmarkPath(b, ordinary, name) })
	}
}

func benchmarkPath(b *testing.B, yaml, request string) {
	p := startProxy(b, yaml)
	quietBackend(p.backend("a"))
	quietBackend(p.backend("b"))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		r := newRoundTrips(b, p, requests[request])
		for pb.Next() {
			if err := r.do(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// logFormats are the ways to log, by name.
var logFormats = map[string]string{
	"json":     "json",
	"combined": "combined",
	"template": `"${client} ${method} ${target} ${status} ${time_total}"`,
}

// logTo is the configuration of an access log in that format.
func logTo(t testing.TB, name string) string {
	return "access_log: {path: " + filepath.Join(t.TempDir(), "access.log") + ", format: " + logFormats[name] + "}\n"
}

// BenchmarkLog is BenchmarkPath with what is off by default.
func BenchmarkLog(b *testing.B) {
	for _, name := range []string{"off", "json", "combined", "template", "request_id"} {
		b.Run(name, func(b *testing.B) {
			yaml := ordinary
			switch {
			case name == "request_id":
				yaml += "request_id: X-Request-ID\n"
			case name != "off":
				yaml += logTo(b, name)
			}
			benchmarkPath(b, yaml, "get")
		})
	}
}

// BenchmarkPathOverTLS is BenchmarkPath for clients that speak TLS, on kept
// connections.
func BenchmarkPathOverTLS(b *testing.B) {
	p, _ := startSecure(b, ordinary, "")
	quietBackend(p.backend("a"))
	quietBackend(p.backend("b"))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		r := newRoundTrips(b, p, requests["get"])
		for pb.Next() {
			if err := r.do(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// browserHead is a request head as browsers send it.
var browserHead = "GET /assets/app.js?v=42 HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
	"Accept: */*\r\nReferer: https://www.example.com/\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Accept-Language: en-GB,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n" +
	"X-Forwarded-For: 203.0.113.7, 10.1.2.3\r\nX-Forwarded-Proto: https\r\n\r\n"

// parsed returns an exchange that has read browserHead.
func parsed(b *testing.B, trusted string) *exchange {
	b.Helper()
	x := &exchange{listener: &listenerSettings{}, snap: &snapshot{headLimits: http1.Limits{Target: 8192, Fields: 128}}}
	x.conn = &conn{line: line{peer: netip.MustParseAddr("10.0.0.1")}, peerText: []byte("10.0.0.1")}
	if trusted != "" {
		x.listener.trusted = []netip.Prefix{netip.MustParsePrefix(trusted)}
	}
	if err := x.request.Parse([]byte(browserHead), x.snap.headLimits); err != nil {
		b.Fatal(err)
	}
	return x
}

// BenchmarkStep is what each step costs that a request goes through, but for the
// system calls.
func BenchmarkStep(b *testing.B) {
	b.Run("parse, with all strict checks", func(b *testing.B) {
		x := parsed(b, "")
		head := []byte(browserHead)
		b.SetBytes(int64(len(head)))
		for b.Loop() {
			_ = x.request.Parse(head, x.snap.headLimits)
		}
	})
	b.Run("identify, no trusted proxies", func(b *testing.B) {
		x := parsed(b, "")
		for b.Loop() {
			x.identify()
		}
	})
	b.Run("identify, behind two trusted proxies", func(b *testing.B) {
		x := parsed(b, "10.0.0.0/8")
		for b.Loop() {
			x.identify()
		}
	})
	b.Run("limit", func(b *testing.B) {
		x := parsed(b, "")
		x.snap.limiter = limiter.New(limiter.Config{Rate: 1000, Burst: 1000, MaxClients: 262144, IPv6Prefix: 64})
		for b.Loop() {
			x.now += time.Millisecond
			_ = x.limit()
		}
	})
	b.Run("rewrite the request head", func(b *testing.B) {
		x := parsed(b, "10.0.0.0/8")
		x.identify()
		for b.Loop() {
			x.out = x.appendRequestHead(x.out[:0])
		}
	})
	b.Run("rewrite the request head, with a new request id", func(b *testing.B) {
		x := parsed(b, "")
		x.snap.requestID = newIDField("X-Request-ID")
		x.identify()
		for b.Loop() {
			x.id = x.id[:0]
			x.out = x.appendRequestHead(x.out[:0])
		}
	})
	b.Run("account", func(b *testing.B) {
		counters := newStripes()
		x := parsed(b, "")
		x.conn.counters = &counters.of[0]
		x.pool = &servicePool{tally: counters.newTally()}
		x.status = 200
		for b.Loop() {
			x.account()
		}
	})
}

// BenchmarkRoute is the look-up among 10,000 routes.
func BenchmarkRoute(b *testing.B) {
	var list []config.Route
	for i := range 10_000 {
		list = append(list, config.Route{
			Host: fmt.Sprintf("host%d.example.com", i/10),
			Path: fmt.Sprintf("/api/v%d/resource", i%10),
			Pool: "p",
		})
	}
	list = append(list, config.Route{Host: "*.example.org", Path: "/", Pool: "p"})
	x := &exchange{listener: &listenerSettings{}, snap: &snapshot{routes: newRoutes(list, poolsNamed(list))}}
	for name, c := range map[string]struct{ host, path string }{
		"exact host":  {"host500.example.com", "/api/v5/resource/17"},
		"suffix":      {"a.b.example.org", "/x"},
		"odd path":    {"Host500.Example.com:8080", "/x/../api//v5/%72esource/17"},
		"hostile one": {"host500.example.com", "/api/v5/resource" + strings.Repeat("/x", 500)},
	} {
		b.Run(name, func(b *testing.B) {
			x.request.Host, x.request.Path = []byte(c.host), []byte(c.path)
			b.ReportAllocs()
			for b.Loop() {
				if x.route() != nil {
					b.Fatal("no route")
				}
			}
		})
	}
}
