package engine

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// ordinary is a configuration with every feature of the path on, and limits that
// never act.
const ordinary = `
strategy: least_conn
backends: [$a, $b]
rate_limit: {rps: 100000, burst: 1000000}
trusted_proxies: [10.0.0.0/8]
`

// quietBackend makes a backend answer every read with one response, without
// allocating: what is counted is the proxy's.
func quietBackend(b *pooltest.Backend) {
	response := []byte("HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 06:07:18 GMT\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
	b.Serve(func(c *pooltest.Conn) {
		buf := make([]byte, 4096)
		for {
			if _, err := c.Conn.Read(buf); err != nil {
				return
			}
			if _, err := c.Conn.Write(response); err != nil {
				return
			}
		}
	})
}

// roundTrips sends one request again and again on one connection.
type roundTrips struct {
	conn    net.Conn
	request []byte
	buf     []byte
}

func newRoundTrips(t testing.TB, p *tester, request string) *roundTrips {
	c := p.connect()
	require.NoError(t, c.SetDeadline(noDeadline))
	return &roundTrips{conn: c.Conn, request: []byte(request), buf: make([]byte, 4096)}
}

func (r *roundTrips) do() error {
	if _, err := r.conn.Write(r.request); err != nil {
		return err
	}
	n, err := r.conn.Read(r.buf)
	if err == nil && (n < 15 || string(r.buf[:15]) != "HTTP/1.1 200 OK") {
		err = io.ErrUnexpectedEOF
	}
	return err
}

var requests = map[string]string{
	"get": "GET /api/resource?x=1 HTTP/1.1\r\nHost: proxy.test\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n",
	"post": "POST /api/resource HTTP/1.1\r\nHost: proxy.test\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n" +
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
}

// A proxied request on a kept connection allocates nothing, with every feature
// of the path on.
func TestPathAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	wantNoAllocations(t, ordinary)
}

// So it is with an access log of any format, and with request ids.
func TestLogAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name := range logFormats {
		wantNoAllocations(t, ordinary+"request_id: X-Request-ID\n"+logTo(t, name))
	}
}

func wantNoAllocations(t *testing.T, yaml string) {
	t.Helper()
	p := startProxy(t, yaml)
	quietBackend(p.backend("a"))
	quietBackend(p.backend("b"))
	for name, request := range requests {
		r := newRoundTrips(t, p, request)
		for range 100 {
			require.NoError(t, r.do())
		}
		// The count is of the whole process: a fraction is what the runtime
		// does on its own.
		allocs := testing.AllocsPerRun(5000, func() {
			if err := r.do(); err != nil {
				panic(err)
			}
		})
		require.Zero(t, allocs, name)
	}
}
