package engine

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// patience is how long a test waits for what must come. It is only ever spent by
// a test that fails.
const patience = 20 * time.Second

// tester is a proxy on real sockets with fake backends behind it.
type tester struct {
	*Engine
	t        testing.TB
	backends map[string]*pooltest.Backend
	secure   *tls.Config // with which clients connect; nil: in plain
	log      *lockedBuffer
	stop     func() error // ends the proxy and returns what Serve returned
}

// startProxy starts a proxy with that configuration, in which $a to $d stand for
// the URLs of fake backends. Where the configuration does not say otherwise, it
// listens on free ports, neither probes nor limits, and is stopped when the test
// ends.
func startProxy(t testing.TB, yaml string) *tester {
	t.Helper()
	p := &tester{t: t, backends: make(map[string]*pooltest.Backend), log: &lockedBuffer{}}
	for _, name := range []string{"a", "b", "c", "d"} {
		if strings.Contains(yaml, "$"+name) {
			p.backends[name] = pooltest.New(t)
		}
	}
	if secureAll {
		yaml = p.overTLS(newAuthority(t), yaml)
	}
	c, err := p.parse(yaml)
	require.NoError(t, err)
	p.Engine, err = New(c, slog.New(slog.NewTextHandler(p.log, nil)))
	require.NoError(t, err)
	p.start()
	return p
}

// start makes the proxy serve until the test ends.
func (p *tester) start() {
	t := p.t
	t.Helper()
	require.NoError(t, p.Listen())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx) }()
	p.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			return fmt.Errorf("the proxy did not stop")
		}
	})
	t.Cleanup(func() {
		// Without its backends nothing holds an exchange up.
		for _, b := range p.backends {
			b.Close()
		}
		if err := p.stop(); !errors.Is(err, ErrShutdownTimeout) {
			require.NoError(t, err)
		}
	})
}

// parse reads a configuration, see startProxy.
func (p *tester) parse(yaml string) (*config.Config, error) {
	for name, b := range p.backends {
		yaml = strings.ReplaceAll(yaml, "$"+name, "http://"+b.Addr)
	}
	for key, line := range map[string]string{
		"listen":       `listen_addr: "127.0.0.1:0"`,
		"admin_addr":   `admin_addr: ""`,
		"health_check": `health_check_interval: 0s`,
		"rate_limit":   `rate_limit: {rps: 0}`,
	} {
		if !strings.Contains(yaml, key) {
			yaml += "\n" + line
		}
	}
	return config.Parse(config.Source{Name: "test.yaml", Data: []byte(yaml), Strategies: pool.Strategies()})
}

// change puts another configuration to use, as a reload does.
func (p *tester) change(yaml string) error {
	c, err := p.parse(yaml)
	require.NoError(p.t, err)
	return p.Engine.change(c)
}

// backend returns the fake backend $name.
func (p *tester) backend(name string) *pooltest.Backend { return p.backends[name] }

// client is a connection of a client, on which raw bytes are sent.
type client struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

// connect opens a connection to the proxy.
func (p *tester) connect() *client {
	p.t.Helper()
	return p.connectFrom("127.0.0.1")
}

// connectFrom is connect from another loopback address.
func (p *tester) connectFrom(ip string) *client {
	p.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: patience}
	nc, err := d.Dial("tcp", p.Addr().String())
	require.NoError(p.t, err)
	if p.secure != nil {
		nc = tls.Client(nc, p.secure)
	}
	return p.newClient(nc)
}

func (p *tester) newClient(nc net.Conn) *client {
	p.t.Cleanup(func() { _ = nc.Close() })
	require.NoError(p.t, nc.SetDeadline(time.Now().Add(patience)))
	return &client{Conn: nc, t: p.t, r: bufio.NewReader(nc)}
}

// send writes s as it is.
func (c *client) send(s string) *client {
	c.t.Helper()
	_, err := io.WriteString(c, s)
	require.NoError(c.t, err)
	return c
}

// get sends a GET request.
func (c *client) get(path string) *client {
	c.t.Helper()
	return c.send("GET " + path + " HTTP/1.1\r\nHost: proxy.test\r\n\r\n")
}

// response is a response as it arrived.
type response struct {
	*http.Response
	head string // raw, with the empty line
	body string // decoded
}

// receive reads the next response of a request with that method.
func (c *client) receive(method string) (*response, error) {
	var head strings.Builder
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		b, err := c.r.ReadByte()
		if err != nil {
			return nil, fmt.Errorf("after %q: %w", head.String(), err)
		}
		head.WriteByte(b)
	}
	// The parser is given the connection byte by byte, so that it does not
	// read ahead into the next response.
	r := bufio.NewReaderSize(io.MultiReader(strings.NewReader(head.String()), oneByte{c.r}), 16)
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		return nil, fmt.Errorf("response %q: %w", head.String(), err)
	}
	body, err := io.ReadAll(resp.Body)
	if n := r.Buffered(); n > 0 && err == nil {
		rest, _ := r.Peek(n)
		c.r = bufio.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(rest)), c.r))
	}
	return &response{Response: resp, head: head.String(), body: string(body)}, err
}

// oneByte reads one byte at a time.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// want reads the next response, which must be that one.
func (c *client) want(status int, body string) *response {
	c.t.Helper()
	return c.wantTo("GET", status, body)
}

// wantTo is want for the response to a request with that method.
func (c *client) wantTo(method string, status int, body string) *response {
	c.t.Helper()
	r, err := c.receive(method)
	require.NoError(c.t, err)
	require.Equal(c.t, status, r.StatusCode, r.body)
	require.Equal(c.t, body, r.body)
	return r
}

// wantReject reads the next response, which must be an answer of the proxy's own.
func (c *client) wantReject(status int, reason string) *response {
	c.t.Helper()
	r, err := c.receive("GET")
	require.NoError(c.t, err)
	require.Equal(c.t, status, r.StatusCode, r.body)
	require.Equal(c.t, "goproxyreverso; error="+reason, r.Header.Get("Proxy-Status"))
	return r
}

// wantEnd waits until the proxy closes the connection, before which nothing else
// may come.
func (c *client) wantEnd() {
	c.t.Helper()
	rest, err := io.ReadAll(c.r)
	require.NoError(c.t, err)
	require.Empty(c.t, string(rest))
}

// metric returns the value of a series as a scrape shows it.
func (p *tester) metric(series string) string {
	p.t.Helper()
	var b bytes.Buffer
	p.metrics.Expose(&b)
	for line := range strings.Lines(b.String()) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSuffix(value, "\n")
		}
	}
	p.t.Fatalf("no series %s", series)
	return ""
}

// wantMetric waits until a series has a value: the counters of a request are
// settled after its last byte is out.
func (p *tester) wantMetric(series, value string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.metric(series) == value }, patience, time.Millisecond,
		"%s is not %s", series, value)
}

// lockedBuffer is a log that is written and read at once.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// accept returns the next connection of whichever backend gets it.
func accept(a, b *pooltest.Backend) *pooltest.Conn { return a.AcceptOr(b) }
