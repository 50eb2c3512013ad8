package engine

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/accesslog"
)

// logLine is a line of an access log in JSON.
type logLine struct {
	Time, Client, Peer                     string
	Method, Target, Protocol, Host, Route  string
	Pool, Backend, Reason, Failed, Referer string
	Attempts, Status                       int
	Received                               int     `json:"bytes_received"`
	Sent                                   int     `json:"bytes_sent"`
	Body                                   int     `json:"body_bytes_sent"`
	Connect                                float64 `json:"time_connect"`
	FirstByte                              float64 `json:"time_first_byte"`
	Total                                  float64 `json:"time_total"`
	UserAgent                              string  `json:"user_agent"`
	RequestID                              string  `json:"request_id"`
}

// startLogging is startProxy with an access log.
func startLogging(t *testing.T, yaml, settings string) *logging {
	path := filepath.Join(t.TempDir(), "access.log")
	return &logging{tester: startProxy(t, yaml+"\naccess_log: {path: "+path+settings+"}\n"), path: path}
}

type logging struct {
	*tester
	path string
}

// lines stops the proxy and returns what it has logged, by target.
func (l *logging) lines() map[string]logLine {
	l.t.Helper()
	require.NoError(l.t, l.stop())
	data, err := os.ReadFile(l.path)
	require.NoError(l.t, err)
	lines := map[string]logLine{}
	for text := range strings.Lines(string(data)) {
		var line logLine
		require.NoError(l.t, json.Unmarshal([]byte(text), &line), text)
		require.NotContains(l.t, lines, line.Target)
		lines[line.Target] = line
	}
	return lines
}

// An exchange that goes well leaves all that is known of it, each byte counted.
func TestLogLine(t *testing.T) {
	p := startLogging(t, "backends: [$a]\nrequest_id: X-Id\ntrusted_proxies: [127.0.0.0/8]\nroutes: [{host: '*.example.com', path: /a, pool: default}]", "")
	c := p.connect()
	const request = "POST /a/b?c=d HTTP/1.1\r\nHost: w.example.com:80\r\nX-Forwarded-For: 192.0.2.1\r\nReferer: http://r/\r\nUser-Agent: tester\r\nX-Id: mine\r\nContent-Length: 5\r\n\r\nhello"
	c.send(request)
	b := p.backend("a").Accept()
	b.Receive()
	b.Send("HTTP/1.1 201 Created\r\nDate: x\r\nContent-Length: 4\r\n\r\nmade")
	const response = "HTTP/1.1 201 Created\r\nDate: x\r\nContent-Length: 4\r\nX-Id: mine\r\n\r\nmade"
	require.Equal(t, response, c.bytes(len(response)))
	got := p.lines()["/a/b?c=d"]
	require.NotZero(t, got.Connect)
	require.GreaterOrEqual(t, got.FirstByte, got.Connect)
	require.GreaterOrEqual(t, got.Total, got.FirstByte)
	require.NotEmpty(t, got.Time)
	got.Time, got.Connect, got.FirstByte, got.Total = "", 0, 0, 0
	require.Equal(t, logLine{
		Client: "192.0.2.1", Peer: "127.0.0.1", Method: "POST", Target: "/a/b?c=d", Protocol: "HTTP/1.1", Host: "w.example.com:80",
		Route: "*.example.com/a", Pool: "default", Backend: p.backend("a").Addr, Attempts: 1, Status: 201,
		Received: len(request), Sent: len(response), Body: 4, Referer: "http://r/", UserAgent: "tester", RequestID: "mine",
	}, got)
}

// A line tells which side failed and why, and what the client got.
func TestLogFailures(t *testing.T) {
	p := startLogging(t, "backends: [$a]\npools: {gone: {backends: [$b]}}\nroutes: [{path: /gone, pool: gone}]\nmetrics_path: ''", "")
	p.backend("b").Close()
	c := p.connect()
	c.get("/gone").wantReject(502, "connection_refused")
	c.send("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n").wantReject(405, "http_request_denied")
	c = p.connect()
	c.get("/broken")
	b := p.backend("a").Accept()
	b.Head()
	b.Send("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 10\r\n\r\nhello")
	c.bytes(len("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 10\r\n\r\nhello"))
	_ = b.Close()
	c.wantEnd()
	c = p.connect()
	c.get("/left")
	b = p.backend("a").Accept()
	b.Head()
	_ = c.Close()
	b.Ended()
	c = p.connect()
	c.send("POST /slowly HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nx")
	b = p.backend("a").Accept()
	b.Head()
	_ = c.Close()
	b.Ended()
	c = p.connect()
	c.send("GET /bad HTTP/1.1\r\n\r\n")
	c.wantReject(400, "http_request_error")

	lines := p.lines()
	for target, want := range map[string]logLine{
		"/gone":   {Status: 502, Failed: "backend", Reason: "connection_refused", Backend: p.backend("b").Addr, Attempts: 1},
		"h:443":   {Status: 405, Failed: "client", Reason: "http_request_denied"},
		"/broken": {Status: 200, Failed: "backend", Reason: "http_response_incomplete", Backend: p.backend("a").Addr, Attempts: 1, Body: 5},
		"/left":   {Status: 499, Failed: "client", Backend: p.backend("a").Addr, Attempts: 1},
		"/slowly": {Status: 499, Failed: "client", Backend: p.backend("a").Addr, Attempts: 1},
		"":        {Status: 400, Failed: "client", Reason: "http_request_error"},
	} {
		got, there := lines[target]
		require.True(t, there, target)
		require.Equal(t, want.Status, got.Status, target)
		require.Equal(t, want.Failed, got.Failed, target)
		require.Equal(t, want.Reason, got.Reason, target)
		require.Equal(t, want.Backend, got.Backend, target)
		require.Equal(t, want.Attempts, got.Attempts, target)
		require.True(t, want.Body == 0 || want.Body == got.Body, target)
		require.Equal(t, "127.0.0.1", got.Client)
	}
	require.Len(t, lines, 6)
	require.Empty(t, lines[""].Method)
}

// What a request head said is logged though its bytes have made room for a body,
// and what went through a tunnel or past the program is counted.
func TestLogOfLongExchanges(t *testing.T) {
	p := startLogging(t, `backends: [$a]`, "")
	const size = 1 << 20
	c := p.connect()
	head := "POST /long HTTP/1.1\r\nHost: long.test\r\nUser-Agent: tester\r\nReferer: here\r\nContent-Length: " + strconv.Itoa(size) + "\r\n\r\n"
	c.send(head + strings.Repeat("x", size))
	b := p.backend("a").Accept()
	require.Len(t, b.Receive().Content, size)
	b.Reply(200, strings.Repeat("y", size))
	c.want(200, strings.Repeat("y", size))
	chunked := "POST /chunked HTTP/1.1\r\nHost: long.test\r\nUser-Agent: tester\r\nTransfer-Encoding: chunked\r\n\r\n"
	c.send(chunked + "5\r\nhello\r\n0\r\n\r\n")
	b.Receive()
	b.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
	c.want(200, "hi")

	upgrade := "GET /tunnel HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
	c.send(upgrade + "early")
	b.Head()
	const switched = "HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
	b.Send(switched + "hello")
	c.bytes(len(switched) + 5)
	b.Bytes(5)
	c.send("ping")
	b.Bytes(4)
	b.Send("pong!")
	c.bytes(5)
	require.NoError(t, c.Conn.(*net.TCPConn).CloseWrite())
	b.Ended()
	_ = b.Close()
	c.wantEnd()

	lines := p.lines()
	long := lines["/long"]
	require.Equal(t, logLine{Method: "POST", Host: "long.test", UserAgent: "tester", Referer: "here"},
		logLine{Method: long.Method, Host: long.Host, UserAgent: long.UserAgent, Referer: long.Referer})
	require.Equal(t, len(head)+size, long.Received)
	require.Equal(t, size, long.Body)
	require.Equal(t, "tester", lines["/chunked"].UserAgent)
	require.Equal(t, len(chunked)+5, lines["/chunked"].Received)
	require.Equal(t, len("2\r\nhi\r\n0\r\n\r\n"), lines["/chunked"].Body)
	tunnel := lines["/tunnel"]
	require.Equal(t, 101, tunnel.Status)
	require.Empty(t, tunnel.Failed)
	require.Equal(t, len(upgrade)+9, tunnel.Received)
	require.Equal(t, 10, tunnel.Body)
}

// A panic leaves its line too.
func TestLogOfPanic(t *testing.T) {
	p := startFragile(t)
	path := filepath.Join(t.TempDir(), "log")
	l, err := accesslog.New(accesslog.Settings{Path: path, Format: "json", Sample: 1}, p.Engine.log)
	require.NoError(t, err)
	require.NoError(t, l.Open())
	snap := *p.snapshot.Load()
	snap.log = l
	p.snapshot.Store(&snap)
	p.connect().get("/panic").wantReject(500, "proxy_internal_error")
	p.wantMetric("proxy_requests_inflight", "0")
	p.wantMetric("proxy_panics_total", "1")
	require.Eventually(t, func() bool { return l.Lines() == 1 }, patience, 1e6)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var line logLine
	require.NoError(t, json.Unmarshal(data, &line), "%s", data)
	require.Equal(t, "/panic", line.Target)
	require.Equal(t, 500, line.Status)
	require.Equal(t, "proxy", line.Failed)
	require.Equal(t, "proxy_internal_error", line.Reason)
}

// access_log.only leaves out what went well.
func TestLogOnly(t *testing.T) {
	p := startLogging(t, "backends: [$a]\npools: {gone: {backends: [$b]}}\nroutes: [{path: /gone, pool: gone}]", ", only: [errors, 10m]")
	p.backend("a").Answer("a")
	p.backend("b").Close()
	c := p.connect()
	for range 20 {
		c.get("/").want(200, "a")
	}
	c.get("/gone").wantReject(502, "connection_refused")
	require.Len(t, p.lines(), 1)
	require.Equal(t, "1", p.metric("proxy_access_log_lines_total"))
	require.Equal(t, "0", p.metric(`proxy_access_log_dropped_total{reason="write_error"}`))
}

// A log that cannot be opened is told of before anything is served.
func TestLogNotOpened(t *testing.T) {
	e, err := newEngine(t, "backends: [http://127.0.0.1:1]\naccess_log: {path: /nowhere/at/all}", &lockedBuffer{})
	require.NoError(t, err)
	require.ErrorContains(t, e.Listen(), "access_log.path: open /nowhere/at/all")
}

// A reload keeps the log when its settings stay, and changes to another for what
// ends after it; no line is lost on the way. A log that cannot be opened leaves all
// as it was.
func TestReloadLog(t *testing.T) {
	folder := t.TempDir()
	yaml := func(name string) string {
		return "backends: [$a]\naccess_log: {path: " + filepath.Join(folder, name) + ", format: '${target}'}\n"
	}
	p := startProxy(t, yaml("one"))
	c := p.connect()
	c.get("/1")
	b := p.backend("a").Accept()
	exchange := func(path string) {
		c.get(path)
		b.Receive()
		b.Reply(200, "")
		c.want(200, "")
	}
	b.Receive()
	b.Reply(200, "")
	c.want(200, "")
	before := p.snapshot.Load().log
	require.NoError(t, p.change(yaml("one")+"request_id: X-Id\n"))
	require.Same(t, before, p.snapshot.Load().log)
	require.ErrorContains(t, p.change(yaml("no/such/folder")), "access_log.path")
	require.Same(t, before, p.snapshot.Load().log)
	exchange("/2")
	p.wantMetric("proxy_requests_inflight", "0")

	c.get("/3")
	b.Receive()
	require.NoError(t, p.change(yaml("two")))
	b.Reply(200, "")
	c.want(200, "")
	p.wantMetric("proxy_requests_inflight", "0")
	require.NoError(t, p.change("backends: [$a]"))
	exchange("/4")
	require.NoError(t, p.stop())
	for name, want := range map[string]string{"one": "/1\n/2\n", "two": "/3\n"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, want, string(data))
	}
}
