package engine

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A request that comes before the response to the one before it, at whatever
// moment, is answered; so is one that comes in two parts.
func TestEarlyRequests(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	p.backend("a").Answer("hi")
	c := p.connect()
	require.NoError(t, c.SetDeadline(noDeadline))
	owed := 0
	for i := range 3000 {
		request := fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: h\r\n\r\n", i)
		if cut := rand.IntN(4 * len(request)); cut < len(request) {
			c.send(request[:cut])
			spin(rand.N(50 * time.Microsecond))
			request = request[cut:]
		}
		c.send(request)
		owed++
		spin(rand.N(100 * time.Microsecond))
		for owed > rand.IntN(3) {
			c.want(200, "hi")
			owed--
		}
	}
	for range owed {
		c.want(200, "hi")
	}
}

// spin waits for a time too short to sleep.
func spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
		runtime.Gosched()
	}
}

// Requests with bodies of all kinds follow each other on one connection, whole or
// in parts.
func TestBodiesFollowEachOther(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	p.backend("a").Serve(answerAll)
	c := p.connect()
	for i, n := range []int{0, 5, 3000, 5000, 20_000, 31_000, 33_000, 200_000, 7, 12_000} {
		body := noise(n)
		whole := fmt.Sprintf("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", n, body)
		cut := len(whole) * (i % 3) / 3
		c.send(whole[:cut])
		spin(200 * time.Microsecond)
		c.send(whole[cut:])
		r, err := c.receive("POST")
		require.NoError(t, err)
		require.True(t, r.body == body, "%d bytes", n)

		chunked := "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", max(n, 1), strings.Repeat("x", max(n, 1)))
		c.send(chunked)
		c.want(200, strings.Repeat("x", max(n, 1)))
	}
}
