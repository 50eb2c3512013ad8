package engine

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// A proxied request on a kept connection over TLS allocates no more than crypto/tls
// does to carry a record each way.
func TestPathOverTLSAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	p, a := startSecure(t, ordinary, "")
	quietBackend(p.backend("a"))
	quietBackend(p.backend("b"))
	count := func(r *roundTrips) float64 {
		for range 100 {
			require.NoError(t, r.do())
		}
		return testing.AllocsPerRun(5000, func() {
			if err := r.do(); err != nil {
				panic(err)
			}
		})
	}
	least := count(&roundTrips{conn: a.echo(), request: []byte("HTTP/1.1 200 OK"), buf: make([]byte, 4096)})
	for name, request := range requests {
		require.LessOrEqual(t, count(newRoundTrips(t, p, request)), least, name)
	}
	t.Log("crypto/tls allocates", least)
}

// echo connects to a server that speaks TLS and sends back what it gets.
func (a *authority) echo() net.Conn {
	pair, err := tls.LoadX509KeyPair(a.issue("proxy.test"))
	require.NoError(a.t, err)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	require.NoError(a.t, err)
	a.t.Cleanup(func() { _ = ln.Close() })
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		buf := make([]byte, 4096)
		for {
			n, err := nc.Read(buf)
			if err != nil {
				return
			}
			if _, err := nc.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	nc, err := tls.Dial("tcp", ln.Addr().String(), a.client())
	require.NoError(a.t, err)
	a.t.Cleanup(func() { _ = nc.Close() })
	return nc
}
