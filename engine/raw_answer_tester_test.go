package engine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// answerTester is a proxy before a backend that answers /case with the bytes of
// the case under way, and a marker as it should.
type answerTester struct {
	*tester
	keptConn *client
	markers  int

	mu     sync.Mutex
	answer string // of the case under way
	pieces int    // in which it is sent
	then   then
	conns  int // backend connections so far
	served int // the one that served the case
}

// then is what the backend does behind its answer.
type then uint8

const (
	stays  then = iota // takes the next request
	closes             // ends the connection
	resets
	hangs // until the proxy ends the connection
)

func startAnswers(t testing.TB, yaml string) *answerTester {
	t.Helper()
	p := &answerTester{tester: startProxy(t, "backends: [$a]\n"+yaml)}
	p.backend("a").Serve(p.serve)
	return p
}

func (p *answerTester) serve(c *pooltest.Conn) {
	p.mu.Lock()
	p.conns++
	id := p.conns
	p.mu.Unlock()
	r := bufio.NewReader(c.Conn)
	for {
		m, err := readStrictRequest(r)
		if err != nil {
			return
		}
		if m.start[1] != "/case" {
			text := fmt.Sprintf("%s on %d", m.start[1], id)
			_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
			continue
		}
		p.mu.Lock()
		answer, pieces, then := p.answer, p.pieces, p.then
		p.served = id
		p.mu.Unlock()
		size := max(1, (len(answer)+pieces-1)/pieces)
		for ; len(answer) > 0; answer = answer[min(size, len(answer)):] {
			if _, err := io.WriteString(c, answer[:min(size, len(answer))]); err != nil {
				return
			}
		}
		switch then {
		case closes:
			return
		case resets:
			c.Reset()
			return
		case hangs:
			_, _ = io.Copy(io.Discard, r)
			return
		}
	}
}

// ask sends the request of a case to which the backend gives that answer.
func (p *answerTester) ask(request, answer string, pieces int, then then) *client {
	p.mu.Lock()
	p.answer, p.pieces, p.then = answer, pieces, then
	p.mu.Unlock()
	c := p.keptConn
	p.keptConn = nil
	if c == nil {
		c = p.connect()
	}
	c.send(request)
	return c
}

// receiveAll reads the interim responses and the final one, and tells all in one
// line. An error says that the last one broke off.
func (c *client) receiveAll(method string) (string, error) {
	var all []string
	for {
		m, err := readStrictResponse(c.r, method)
		if m != nil {
			if m.start[1][0] != '1' {
				m.fields = undated(m.fields)
			}
			all = append(all, strings.TrimSuffix(m.start[1]+" "+m.start[2]+"; "+lines(m.fields), "; "))
		}
		if err == nil && m.start[1][0] == '1' && m.start[1] != "101" {
			continue
		}
		if m != nil && m.body != "" {
			all = append(all, fmt.Sprintf("%q", m.body))
		}
		if m != nil && len(m.trailers) > 0 {
			all = append(all, lines(m.trailers))
		}
		return strings.Join(all, " / "), err
	}
}

// undated takes the Date out that the proxy adds, as none of the answers has one.
func undated(fields [][2]string) [][2]string {
	return slices.DeleteFunc(fields, func(f [2]string) bool {
		_, err := http.ParseTime(f[1])
		return f[0] == "Date" && err == nil
	})
}

// inStep checks that the next request gets its own answer, on the connection of
// the client when that lasts, and on the backend's when that may serve again.
func (p *answerTester) inStep(t *testing.T, c *client, reused bool) {
	t.Helper()
	p.markers++
	target := fmt.Sprintf("/marker/%d", p.markers)
	c.get(target)
	m, err := readStrictResponse(c.r, "GET")
	require.NoError(t, err)
	on := ""
	_, on, _ = strings.Cut(m.body, " on ")
	p.mu.Lock()
	served := fmt.Sprint(p.served)
	p.mu.Unlock()
	require.Equal(t, "200", m.start[1], m.body)
	require.Equal(t, target+" on "+on, m.body)
	if reused {
		require.Equal(t, served, on, "the backend's connection is used again")
	} else {
		require.NotEqual(t, served, on, "the backend's connection is not used again")
	}
	p.keptConn = c
}

// refuses checks that an answer of the backend is not passed on, and never gets to
// another client either.
func (p *answerTester) refuses(t *testing.T, answer string, then then, status int, reason string) {
	t.Helper()
	for _, pieces := range deliveries {
		c := p.ask(caseGET, answer, pieces, then)
		c.wantReject(status, reason)
		p.inStep(t, c, false)
	}
}

// truncates checks that an answer which breaks off breaks off for the client too,
// at the same place and with no byte added.
func (p *answerTester) truncates(t *testing.T, request, answer string, then then, want string) {
	t.Helper()
	for _, pieces := range deliveries {
		c := p.ask(request, answer, pieces, then)
		got, err := c.receiveAll("GET")
		require.True(t, errors.Is(err, io.ErrUnexpectedEOF), "%q: %v", got, err)
		require.Equal(t, want, got)
		c.wantEnd()
		p.inStep(t, p.connect(), false)
	}
}

const (
	caseGET     = "GET /case HTTP/1.1\r\nHost: h\r\n\r\n"
	caseHEAD    = "HEAD /case HTTP/1.1\r\nHost: h\r\n\r\n"
	caseOld     = "GET /case HTTP/1.0\r\n\r\n"
	caseOldKept = "GET /case HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
	caseOldHEAD = "HEAD /case HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
	caseClose   = "GET /case HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	caseUpgrade = "GET /case HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
)
