package engine

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// noise returns n bytes that no two places have in common.
func noise(n int) string {
	random := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	_, _ = random.Read(b)
	return string(b)
}

// A long body arrives byte for byte, in either direction, and the connections
// serve the next exchange.
func TestLongBodies(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	for _, n := range []int{4 << 10, 32 << 10, 32<<10 + 1, 64 << 10, 1 << 20, 5<<20 + 7} {
		body := noise(n)
		sent := make(chan error, 1)
		go func() {
			_, err := fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", n, body)
			sent <- err
		}()
		s := p.backend("a").Accept()
		require.True(t, s.Receive().Content == body, "%d bytes up", n)
		require.NoError(t, <-sent)
		s.Reply(200, body)
		r, err := c.receive("POST")
		require.NoError(t, err)
		require.True(t, r.body == body, "%d bytes down", n)
		require.False(t, r.Close)
		p.wantMetric("proxy_requests_inflight", "0")
		require.NoError(t, s.Close())
	}
}

// A long body that breaks off reaches the client as far as it came.
func TestLongBodyBreaksOff(t *testing.T) {
	p := startProxy(t, `backends: [$a]`)
	c := p.connect()
	c.get("/")
	s := p.backend("a").Accept()
	s.Receive()
	body := noise(1 << 20)
	s.Send("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + body)
	_ = s.Close()
	r, err := c.receive("GET")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.True(t, r.body == body)
	c.wantEnd()
	p.wantMetric(`proxy_backend_errors_total{pool="default",backend="`+p.backend("a").Addr+`",reason="http_response_incomplete"}`, "1")
}

// A long body that stops coming, or that the client stops taking, is cut off; who
// stopped is blamed.
func TestLongBodyStops(t *testing.T) {
	for name, c := range map[string]struct {
		setting string
		length  int
		errors  string
	}{
		"backend silent": {"response_body", 1 << 20, "1"},
		"client stuck":   {"client_write", 64 << 20, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, "backends: [$a]\ntimeouts: {"+c.setting+": 100ms}")
			client := p.connect()
			client.get("/")
			s := p.backend("a").Accept()
			s.Receive()
			s.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
			_, _ = io.Copy(s, strings.NewReader(strings.Repeat("x", c.length)))
			require.Empty(t, s.Ended())
			p.wantMetric("proxy_requests_inflight", "0")
			p.wantMetric(`proxy_backend_errors_total{pool="default",backend="`+p.backend("a").Addr+`",reason="http_response_incomplete"}`, c.errors)
		})
	}
}

// A long body that comes slowly and steadily is not cut off.
func TestLongBodySteady(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntimeouts: {response_body: 200ms, client_write: 200ms}")
	client := p.connect()
	client.get("/")
	s := p.backend("a").Accept()
	s.Receive()
	const n = 40 << 10
	s.Send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 20*n))
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range 20 {
			<-tick.C
			_, _ = s.Write(make([]byte, n))
		}
	}()
	r, err := client.receive("GET")
	require.NoError(t, err)
	require.Len(t, r.body, 20*n)
}
