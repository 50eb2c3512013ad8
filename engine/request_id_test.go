package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const uuid7 = `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`

// idsOf returns the values of X-Request-ID in a head, in any spelling.
func idsOf(head string) (ids []string) {
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), "X-Request-ID") {
			ids = append(ids, strings.TrimSpace(value))
		}
	}
	return ids
}

// A trusted peer's id is kept when it is sane. Everybody else's is replaced, in
// every spelling that a backend could take for it. The backend and the client get
// the same one, and no other.
func TestRequestID(t *testing.T) {
	for _, c := range []struct {
		name    string
		trusted bool
		fields  string
		want    string
	}{
		{"none", false, "", uuid7},
		{"untrusted", false, "X-Request-ID: forged\r\n", uuid7},
		{"untrusted, other spellings", false, "x_request_id: forged\r\nX-REQUEST_ID: forged\r\n", uuid7},
		{"untrusted, nominated", false, "X-Request-ID: forged\r\nConnection: x-request-id\r\n", uuid7},
		{"trusted", true, "x-request-id: given\r\n", "^given$"},
		{"trusted, none", true, "", uuid7},
		{"trusted, two", true, "X-Request-ID:\r\nX-Request-ID: given\r\nX_Request_ID: other\r\n", "^given$"},
		{"trusted, with a blank", true, "X-Request-ID: a b\r\n", uuid7},
		{"trusted, not ASCII", true, "X-Request-ID: \xc3\xa9\r\n", uuid7},
		{"trusted, just short enough", true, "X-Request-ID: " + strings.Repeat("x", maxID) + "\r\n", "^x{128}$"},
		{"trusted, too long", true, "X-Request-ID: " + strings.Repeat("x", maxID+1) + "\r\n", uuid7},
	} {
		t.Run(c.name, func(t *testing.T) {
			yaml := "backends: [$a]\nrequest_id: X-Request-ID\n"
			if c.trusted {
				yaml += "trusted_proxies: [127.0.0.1]\n"
			}
			p := startProxy(t, yaml)
			client := p.connect()
			client.send("GET / HTTP/1.1\r\nHost: h\r\n" + c.fields + "\r\n")
			b := p.backend("a").Accept()
			sent := idsOf(b.Head())
			require.Len(t, sent, 1)
			require.Regexp(t, c.want, sent[0])
			b.Send("HTTP/1.1 200 OK\r\nX-Request-ID: of the backend\r\nx_request_id: and again\r\nContent-Length: 0\r\n\r\n")
			require.Equal(t, sent, idsOf(client.want(200, "").head))
		})
	}
}

// Every request of a connection has an id of its own, and answers of the proxy
// itself carry it too, whatever was wrong with the request.
func TestRequestIDOfOwnAnswers(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nrequest_id: X-Request-ID\nmetrics_path: /m\n")
	c := p.connect()
	seen := map[string]bool{}
	want := func(r *response, err error) {
		t.Helper()
		require.NoError(t, err)
		ids := idsOf(r.head)
		require.Len(t, ids, 1)
		require.Regexp(t, uuid7, ids[0])
		require.False(t, seen[ids[0]], "it was that of another request")
		seen[ids[0]] = true
	}
	for _, request := range []string{
		"GET /m HTTP/1.1\r\nHost: h\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n",
		"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n",
		"GET / HTTP/1.1\r\nX-Request-ID: forged\r\n\r\n",
	} {
		c.send(request)
		want(c.receive("GET"))
	}
	c.wantEnd()
}

// Interim responses have no id, a final one that follows and a tunnel's do; the
// fields behind a body cannot bring in another.
func TestRequestIDAround(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nrequest_id: X-Request-ID\n")
	c := p.connect()
	c.send("POST / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Request-ID: forged\r\nX-Sum: 1\r\n\r\n")
	b := p.backend("a").Accept()
	id := idsOf(b.Head())
	require.Len(t, id, 1)
	const rest = "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n"
	require.Equal(t, rest, b.Bytes(len(rest)))
	const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
	b.Send("HTTP/1.1 103 Early Hints\r\nX-Request-ID: b\r\nLink: </a.css>\r\n\r\n")
	require.Equal(t, hints, c.bytes(len(hints)))
	b.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n0\r\nX-Request-ID: b\r\n\r\n")
	r := c.want(200, "y")
	require.Equal(t, id, idsOf(r.head))
	require.Empty(t, r.Trailer.Get("X-Request-ID"))

	c.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	id = idsOf(b.Head())
	b.Send("HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	want := "HTTP/1.1 101 Go\r\nX-Request-ID: " + id[0] + "\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
	require.Equal(t, want, c.bytes(len(want)))
}

// The fields of a trace pass untouched, whether requests have ids or not, and
// without a setting the field of an id is like any other.
func TestTraceFieldsPass(t *testing.T) {
	const trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: rojo=00f067aa0ba902b7,congo=t61rcWkgMzE\r\n"
	for _, setting := range []string{"", "request_id: X-Request-ID"} {
		p := startProxy(t, "backends: [$a]\n"+setting)
		c := p.connect()
		c.send("GET / HTTP/1.1\r\nHost: h\r\n" + trace + "X-Request-ID: a\r\n\r\n")
		b := p.backend("a").Accept()
		head := b.Head()
		require.Contains(t, head, "\r\n"+trace)
		require.Equal(t, setting == "", strings.Contains(head, "\r\nX-Request-ID: a\r\n"))
		b.Send("HTTP/1.1 200 OK\r\n" + trace + "X-Request-ID: b\r\nContent-Length: 0\r\n\r\n")
		answer := c.want(200, "").head
		require.Contains(t, answer, "\r\n"+trace)
		require.Equal(t, setting == "", strings.Contains(answer, "\r\nX-Request-ID: b\r\n"))
	}
}

// Ids are UUIDs of version 7: they differ, and those of a later millisecond sort
// behind.
func TestIDs(t *testing.T) {
	now := time.UnixMilli(0x0123456789ab)
	require.True(t, strings.HasPrefix(string(appendID(nil, now)), "01234567-89ab-7"))
	seen, last := map[string]bool{}, ""
	for i := range 10000 {
		id := string(appendID(nil, now.Add(time.Duration(i)*time.Millisecond)))
		require.Regexp(t, uuid7, id)
		require.False(t, seen[id])
		require.Greater(t, id, last)
		seen[id], last = true, id
	}
}
