package engine

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// read is how a reader understood an answer: its final response and its body, and
// whether that came to its proper end.
type read struct {
	status, head, body string
	whole              bool
}

// readNetHTTP lets net/http read an answer to a request with that method. It
// reports false when net/http takes the head for no response.
func readNetHTTP(answer, method string) (read, bool) {
	r := bufio.NewReaderSize(strings.NewReader(answer), 64<<10)
	for {
		head, rest, _ := strings.Cut(answer, "\r\n\r\n")
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return read{}, false
		}
		if resp.StatusCode < 200 && resp.StatusCode != 101 {
			answer = rest
			continue
		}
		body, err := io.ReadAll(resp.Body)
		status, _, _ := strings.Cut(resp.Status, " ")
		return read{status, head, string(body), err == nil}, true
	}
}

// otherReaders finds what net/http refuses and the proxy takes, and RFC 9112 lets
// it: padded chunk extensions, one length in two forms, names in Trailer that
// cannot be trailers.
var otherReaders = regexp.MustCompile(`(?i)[0-9a-f][ \t]+;|content-length:(?s:.*)content-length:|trailer:`)

// checkAnswer holds what a client got of an answer against what other readers make
// of it.
func (p *answerTester) checkAnswer(t *testing.T, request, answer string) {
	method, _, _ := strings.Cut(request, " ")
	old := strings.Contains(request, "HTTP/1.0")
	c := p.ask(request, answer, 1, closes)
	var m *strictMessage
	var err error
	for {
		m, err = readStrictResponse(c.r, method)
		if err != nil || m.start[1][0] != '1' {
			break
		}
		require.False(t, old, "no interim response to HTTP/1.0")
	}
	require.False(t, errors.Is(err, errStrict), "%q: %v", answer, err)
	require.NotNil(t, m, "%q: %v", answer, err)
	if len(m.values("proxy-status")) > 0 && m.values("proxy-status")[0] != "" && strings.HasPrefix(m.values("proxy-status")[0], "goproxyreverso;") {
		require.NoError(t, err)
		require.False(t, plainlyGood(answer, method), "%q is refused: %q", answer, m.body)
	} else {
		p.checkForwarded(t, m, err == nil, method, answer)
	}
	if err != nil || slices.Contains(m.values("connection"), "close") {
		c.wantEnd()
		c.leave()
		c = p.connect()
	}
	p.inStep(t, c, false)
}

// checkForwarded checks a response that was passed on, whole or not.
func (p *answerTester) checkForwarded(t *testing.T, m *strictMessage, whole bool, method, answer string) {
	want, ok := readNetHTTP(answer, method)
	if !ok {
		require.Regexp(t, otherReaders, answer, "net/http finds no response")
		return
	}
	require.Equal(t, want.status, m.start[1], "%q", answer)
	require.Equal(t, lines(responseFields(want)), lines(passedFields(m)), "%q", answer)
	switch {
	case whole && !want.whole:
		require.Regexp(t, otherReaders, answer, "net/http finds it broken")
	case whole:
		require.Equal(t, want.body, m.body, "%q", answer)
	case want.whole:
		require.True(t, strings.HasPrefix(want.body, m.body), "%q: %q of %q", answer, m.body, want.body)
		require.False(t, plainlyGood(answer, method), "%q broke off", answer)
	}
}

// plainlyGood reports whether an answer is one to the strictest reader.
func plainlyGood(answer, method string) bool {
	r := bufio.NewReader(strings.NewReader(answer))
	for range 16 {
		m, err := readStrictResponse(r, method)
		if err != nil || m.start[1] == "101" || len(m.fields)+1 > limitFields || len(m.trailers) > limitFields || len(answer) > limitHead {
			return false
		}
		if m.start[1][0] != '1' {
			return true
		}
	}
	return false
}

// responseFields returns the fields of a response that have to reach the client.
func responseFields(r read) [][2]string {
	fields := lineFields(r.head)
	drop := dropped(fields, "host", "content-length", "forwarded", "x-forwarded-proto", "x-forwarded-host")
	chunked := !strings.Contains(r.status, "204") && !strings.Contains(r.status, "304")
	length := false
	return slices.DeleteFunc(fields, func(f [2]string) bool {
		name := strings.ToLower(f[0])
		if name == "content-length" {
			again := length
			length = true
			return again || r.status == "204"
		}
		return drop[name] || name == "trailer" || name == "date" || !chunked && name == "transfer-encoding"
	})
}

// passedFields returns the fields of a response without those that the proxy
// writes itself.
func passedFields(m *strictMessage) [][2]string {
	return slices.DeleteFunc(slices.Clone(m.fields), func(f [2]string) bool {
		return f[0] == "Transfer-Encoding" || f[0] == "Connection" || f[0] == "Upgrade" || strings.EqualFold(f[0], "trailer") ||
			strings.EqualFold(f[0], "date") // the proxy's own, where the backend has none
	})
}

// leave closes the connection so that its port is free at once.
func (c *client) leave() {
	_ = c.Conn.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// fuzzTB lets helpers made for a test be used inside a fuzz target, where they may
// not speak to the testing.F that started them.
type fuzzTB struct {
	testing.TB
	now *testing.T // nil outside of the target
}

func (f *fuzzTB) use() testing.TB {
	if f.now != nil {
		return f.now
	}
	return f.TB
}

func (f *fuzzTB) Helper()                      {}
func (f *fuzzTB) Errorf(s string, args ...any) { f.use().Errorf(s, args...) }
func (f *fuzzTB) Fatalf(s string, args ...any) { f.use().Fatalf(s, args...) }
func (f *fuzzTB) Fatal(args ...any)            { f.use().Fatal(args...) }
func (f *fuzzTB) FailNow()                     { f.use().FailNow() }

// Cleanup is for what lasts as long as all targets: a connection may serve many.
func (f *fuzzTB) Cleanup(fn func()) {
	if f.now == nil {
		f.TB.Cleanup(fn)
	}
}

// FuzzResponse holds what a client gets of whatever a backend may answer against
// other readers of HTTP: a response that they read too, with the same status and
// the same body, or one that visibly breaks off, or a refusal; and in each case the
// next answer is the next one's.
func FuzzResponse(f *testing.F) {
	tb := &fuzzTB{TB: f}
	p := startAnswers(tb, limitsYAML)
	requests := []string{caseGET, caseHEAD, caseOldKept, caseClose}
	for i, answer := range answerSeeds() {
		f.Add([]byte(answer), uint8(0))
		f.Add([]byte(answer), uint8(i))
	}
	f.Fuzz(func(t *testing.T, answer []byte, request uint8) {
		tb.now = t
		defer func() { tb.now = nil }()
		p.checkAnswer(t, requests[int(request)%len(requests)], string(answer))
	})
}

func answerSeeds() (seeds []string) {
	for _, c := range badAnswers {
		seeds = append(seeds, c.answer)
	}
	for _, c := range brokenAnswers {
		seeds = append(seeds, c.answer)
	}
	for _, c := range goodAnswers {
		seeds = append(seeds, c.answer)
	}
	for _, c := range talkativeAnswers {
		seeds = append(seeds, c.answer+"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
	}
	return seeds
}
