package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// client is a connection of a client that stays open between requests.
type client struct {
	net.Conn
	r *bufio.Reader
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body string
}

// connect opens a connection to the proxy from a loopback address.
func (p *tester) connect(from string) *client {
	p.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	nc, err := d.Dial("tcp", p.addr)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = nc.Close() })
	return &client{Conn: nc, r: bufio.NewReader(nc)}
}

// get sends a GET request with those field lines and reads the response.
func (c *client) get(path string, fields ...string) (*answer, error) {
	if err := c.send(path, fields...); err != nil {
		return nil, err
	}
	return c.receive()
}

// send sends a GET request.
func (c *client) send(path string, fields ...string) error {
	request := "GET " + path + " HTTP/1.1\r\nHost: proxy.test\r\n"
	for _, f := range fields {
		request += f + "\r\n"
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	_, err := io.WriteString(c, request+"\r\n")
	return err
}

// receive reads a whole response. It returns io.EOF when the connection ended
// before it.
func (c *client) receive() (*answer, error) {
	if _, err := c.r.Peek(1); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return nil, fmt.Errorf("broken response head: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("broken response body: %w", err)
	}
	return &answer{resp, string(body)}, nil
}

// load are clients that send one request after the other.
type load struct {
	running sync.WaitGroup
	ended   atomic.Bool
}

// startLoad runs n clients with connections of their own. Each calls turn again
// and again until that returns false or end is called.
func startLoad(p *tester, n int, turn func(c *client) bool) *load {
	l := &load{}
	for range n {
		c := p.connect("127.0.0.1")
		l.running.Go(func() {
			for !l.ended.Load() && turn(c) {
			}
		})
	}
	p.t.Cleanup(l.end)
	return l
}

// end stops the clients and waits for them.
func (l *load) end() {
	l.ended.Store(true)
	l.running.Wait()
}

// waitFor waits until a condition holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, patience, 2*time.Millisecond, "in vain: %s", what)
}
