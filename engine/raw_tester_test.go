package engine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// rawTester is a proxy before a backend that reads strictly, remembers what it
// has read and answers with it. Many cases run through one, so that a byte too
// many or too few in one case is found by the next.
type rawTester struct {
	*tester
	keptConn *client // serves all cases after which the connection lasts

	mu      sync.Mutex
	seen    []*strictMessage // whole requests, since the last take
	wrong   []error          // what was no request at all
	markers int
}

func startRaw(t testing.TB, yaml string) *rawTester {
	t.Helper()
	if !strings.Contains(yaml, "$a") {
		yaml = "backends: [$a]\n" + yaml
	}
	p := &rawTester{tester: startProxy(t, yaml)}
	p.backend("a").Serve(p.serve)
	return p
}

// serve answers every request with itself in one line.
func (p *rawTester) serve(c *pooltest.Conn) {
	r := bufio.NewReader(c.Conn)
	for {
		m, err := readStrictRequest(r)
		if !p.record(m, err) {
			return
		}
		answer := m.String()
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(answer))
		if m.start[0] == "HEAD" {
			answer = ""
		}
		if _, err := io.WriteString(c, head+answer); err != nil {
			return
		}
	}
}

// record remembers what was read, and reports whether it was a whole request. One
// that breaks off is none: the proxy ends a connection in the middle when the
// client did so.
func (p *rawTester) record(m *strictMessage, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(err, errStrict) {
		p.wrong = append(p.wrong, err)
	}
	if err == nil {
		p.seen = append(p.seen, m)
	}
	return err == nil
}

// take returns what the backend has seen since the last take.
func (p *rawTester) take() []*strictMessage {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(p.t, p.wrong, "the backend reads nothing but strict HTTP/1.1")
	seen := p.seen
	p.seen = nil
	return seen
}

// marker returns a request like no other, and what the backend tells of it.
func (p *rawTester) marker() (sent, seen string) {
	p.markers++
	target := fmt.Sprintf("/marker/%d", p.markers)
	return "GET " + target + " HTTP/1.1\r\nHost: marker\r\n\r\n", "GET " + target + ` marker ""`
}

// kept returns the connection that serves one case after the other.
func (p *rawTester) kept() *client {
	if p.keptConn == nil {
		p.keptConn = p.connect()
	}
	return p.keptConn
}

// deliveries are the ways the bytes of a case arrive: in one piece, and in many.
var deliveries = []int{1, 200}

// deliver writes s in so many pieces. The proxy may have refused it before it is
// out, and closed the connection.
func (c *client) deliver(s string, pieces int) {
	size := max(1, (len(s)+pieces-1)/pieces)
	for len(s) > 0 {
		n := min(size, len(s))
		if _, err := io.WriteString(c, s[:n]); err != nil {
			return
		}
		s = s[n:]
	}
}

// passes checks that what is sent reaches the backend as those messages, and that
// the connection is in step behind it: a marker in the same bytes gets its answer.
// It returns what the backend has read.
func (p *rawTester) passes(t *testing.T, sent string, messages ...string) (seen []*strictMessage) {
	t.Helper()
	for _, pieces := range deliveries {
		seen = p.pass(t, sent, pieces, messages...)
	}
	return seen
}

func (p *rawTester) pass(t *testing.T, sent string, pieces int, messages ...string) []*strictMessage {
	t.Helper()
	c := p.kept()
	p.keptConn = nil // until all went well
	marker, markerSeen := p.marker()
	want := append(messages[:len(messages):len(messages)], markerSeen)
	c.deliver(sent+marker, pieces)
	for _, m := range want {
		method, _, _ := strings.Cut(m, " ")
		r, err := c.receive(method)
		require.NoError(t, err, "%q", sent)
		require.Equal(t, 200, r.StatusCode, "%q: %s", sent, r.body)
		if method != "HEAD" {
			require.Equal(t, m, r.body, "%q", sent)
		}
	}
	seen := p.take()
	require.Equal(t, want, texts(seen), "%q", sent)
	p.keptConn = c
	return seen[:len(messages)]
}

// refuses checks that what is sent is refused with that status, that the
// connection ends and nothing behind it is answered, and that the backend never
// hears of it.
func (p *rawTester) refuses(t *testing.T, sent string, status int) {
	t.Helper()
	for _, pieces := range deliveries {
		c := p.connect()
		marker, _ := p.marker()
		c.deliver(sent+marker, pieces)
		r, err := c.receive("GET")
		require.NoError(t, err, "%q", sent)
		require.Equal(t, status, r.StatusCode, "%q: %s", sent, r.body)
		require.Equal(t, "goproxyreverso; error=http_request_error", r.Header.Get("Proxy-Status"), "%q", sent)
		require.True(t, r.Close, "%q", sent)
		rest, err := io.ReadAll(c.r)
		require.NoError(t, err, "%q", sent)
		require.Empty(t, string(rest), "%q", sent)
		_ = c.Close()
		p.pass(t, "", 1)
	}
}

func texts(messages []*strictMessage) []string {
	all := make([]string, len(messages))
	for i, m := range messages {
		all[i] = m.String()
	}
	return all
}

// seenPost is what the backend tells of a POST of x with that body.
func seenPost(body string) string { return fmt.Sprintf("POST /x h %q", body) }

// lines tells fields in one line.
func lines(fields [][2]string) string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f[0] + ": " + f[1]
	}
	return strings.Join(all, ", ")
}
