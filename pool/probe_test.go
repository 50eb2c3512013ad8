package pool

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// probed is a pool whose backends are real and whose changes are kept.
type probed struct {
	*Pool
	changes chan Change
}

// probing returns a pool of backends at these addresses. It is not started yet.
func probing(t *testing.T, c ProbeConfig, addrs ...string) probed {
	p := probed{changes: make(chan Change, 100)}
	config := Config{Name: "test", Strategy: "round_robin", Probe: c, OnChange: func(c Change) { p.changes <- c }}
	for _, addr := range addrs {
		config.Backends = append(config.Backends, BackendConfig{Addr: addr, Weight: 1, MaxConns: 1})
	}
	p.Pool = New(config)
	t.Cleanup(p.Close)
	return p
}

// change returns the next change of state, which must come.
func (p probed) change(t *testing.T) Change {
	t.Helper()
	select {
	case c := <-p.changes:
		return c
	case <-time.After(patience):
		t.Fatal("no change of state came")
		return Change{}
	}
}

// once is a config whose first round of probes is the only one of a test.
func once() ProbeConfig {
	c := ProbeConfig{Path: "/health?full", Interval: time.Hour, Timeout: patience, Rise: 1, Fall: 1}
	c.Status.Add(200, 399)
	return c
}

// refusing is an address of 127.0.0.1 where nobody listens: port 1, which is
// never given out as a free one.
const refusing = "127.0.0.1:1"

// What a backend answers decides about its state, by its status alone, and the
// reason it is down names the setting.
func TestProbeStatus(t *testing.T) {
	for _, c := range []struct {
		answer string
		why    string // empty: stays up
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nends early", ""},
		{"HTTP/1.0 204 No Content\r\n\r\n", ""},
		{"HTTP/1.1 399 Odd\r\nContent-Length: 0\r\n\r\n", ""},
		{"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", ""},
		{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "status 400 is not among health_check.status"},
		{"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n", "status 503 is not among health_check.status"},
		{"SSH-2.0-OpenSSH\r\n", "malformed HTTP"},
		{"", "EOF"},
	} {
		b := pooltest.New(t)
		p := probing(t, once(), b.Addr)
		p.Start()
		s := b.Accept()
		req := s.Receive()
		require.Equal(t, http.MethodGet, req.Method)
		require.Equal(t, "/health?full", req.RequestURI)
		require.Equal(t, b.Addr, req.Host)
		_ = s.Send(c.answer).Close()
		<-p.Probed()
		if c.why == "" {
			require.Equal(t, Up, p.Backends()[0].State(), "%q", c.answer)
			require.Empty(t, p.changes)
		} else {
			require.Equal(t, Down, p.Backends()[0].State(), "%q", c.answer)
			require.Contains(t, p.change(t).Why, c.why)
		}
		require.Equal(t, 1, b.Connections(), "a redirect is not followed")
	}
}

// A backend that refuses connections is down, and one that does not answer is
// after the timeout of the probe, which the reason names.
func TestProbeFailures(t *testing.T) {
	p := probing(t, once(), refusing)
	p.Start()
	<-p.Probed()
	require.Equal(t, Down, p.Backends()[0].State())
	require.Contains(t, p.change(t).Why, "connection refused")

	c := once()
	c.Timeout = 10 * time.Millisecond
	p = probing(t, c, pooltest.New(t).Addr)
	p.Start()
	<-p.Probed()
	require.Equal(t, Down, p.Backends()[0].State())
	require.Contains(t, p.change(t).Why, "no answer within health_check.timeout")
}

// The first round probes all backends at the same time, and Probed waits for the
// last of them.
func TestProbeFirstRound(t *testing.T) {
	var backends []*pooltest.Backend
	var addrs []string
	for range 5 {
		b := pooltest.New(t)
		backends, addrs = append(backends, b), append(addrs, b.Addr)
	}
	p := probing(t, once(), addrs...)
	p.Start()
	var asked []*pooltest.Conn
	for _, b := range backends {
		s := b.Accept()
		s.Receive()
		asked = append(asked, s) // and not answered before all are asked
	}
	for i, s := range asked {
		select {
		case <-p.Probed():
			t.Fatal("probed before the last answer")
		default:
		}
		s.Reply(200+i*100, "")
	}
	<-p.Probed()
	require.Equal(t, 2, p.Eligible())
	require.Len(t, p.changes, 3)
}

// Without an interval nothing is probed and Probed does not wait.
func TestNoProbes(t *testing.T) {
	b := pooltest.New(t)
	c := once()
	c.Interval = 0
	p := probing(t, c, b.Addr)
	p.Start()
	<-p.Probed()
	p.Close()
	require.Zero(t, b.Connections())
	require.Equal(t, 1, p.Eligible())
}

// Close does not wait for a backend that does not answer, and does not call it
// down for that.
func TestCloseWhileProbing(t *testing.T) {
	b := pooltest.New(t)
	p := probing(t, once(), b.Addr)
	p.Start()
	s := b.Accept()
	s.Receive()
	p.Close()
	require.Empty(t, s.Ended())
	<-p.Probed()
	require.Empty(t, p.changes)
	require.Equal(t, Up, p.Backends()[0].State())
}

// Traffic that cannot connect makes the probe come at once: here long before the
// next one is due.
func TestDialFailureBringsProbe(t *testing.T) {
	b := pooltest.New(t)
	p := probing(t, once(), b.Addr)
	p.Start()
	s := b.Accept()
	s.Receive()
	s.Reply(200, "")
	<-p.Probed()
	b.Close()
	_, err := p.Backends()[0].Connect(false)
	require.ErrorIs(t, err, ErrRefused)
	require.Equal(t, Down, p.change(t).New)
}
