package http1

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var limits = Limits{Target: 8192, Fields: 128}

// What RFC 9112 leaves no doubt about is accepted, with its framing.
func TestRequestAccepted(t *testing.T) {
	for _, c := range []struct {
		head, method, path, query, host string
		framing                         Framing
		keepAlive                       bool
	}{
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", "", "a", Framing{}, true},
		{"GET //a/%2F?x=&y HTTP/1.1\r\nhost:a:80\r\n\r\n", "GET", "//a/%2F", "?x=&y", "a:80", Framing{}, true},
		{"GET /? HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET", "/", "?", "[::1]:80", Framing{}, true},
		{"GET / HTTP/1.0\r\n\r\n", "GET", "/", "", "", Framing{}, false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", "/", "", "", Framing{}, true},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n", "GET", "/", "", "a", Framing{}, false},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", "GET", "/", "", "a", Framing{}, false},
		{"GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET", "/", "", "a", Framing{}, true},
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS", "*", "", "a", Framing{}, true},
		{"GET http://b/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/x", "?y", "b", Framing{}, true},
		{"GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "", "?y", "b", Framing{}, true},
		{"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", "", "b", Framing{}, true},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST", "/", "", "a", Framing{Length, 0}, true},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n", "POST", "/", "", "a", Framing{Length, 12}, true},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", "POST", "/", "", "a", Framing{Kind: Chunked}, true},
		{"X!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost:\r\n\r\n", "X!#$%&'*+-.^_`|~", "/", "", "", Framing{}, true},
	} {
		var q Request
		require.NoError(t, q.Parse([]byte(c.head), limits), "%q", c.head)
		require.Equal(t, c.method, string(q.Method), "%q", c.head)
		require.Equal(t, c.path, string(q.Path), "%q", c.head)
		require.Equal(t, c.query, string(q.Query), "%q", c.head)
		require.Equal(t, c.host, string(q.Host), "%q", c.head)
		require.Equal(t, c.framing, q.Framing, "%q", c.head)
		require.Equal(t, c.keepAlive, q.KeepAlive, "%q", c.head)
	}
}

// What two parties could read in two ways is refused.
func TestRequestRefused(t *testing.T) {
	const host = "Host: a\r\n"
	for head, want := range map[string]error{
		"GET /\r\n\r\n":                                                                                   ErrStartLine,
		"GET  / HTTP/1.1\r\n" + host + "\r\n":                                                             ErrTarget,
		" GET / HTTP/1.1\r\n" + host + "\r\n":                                                             ErrStartLine,
		"G@T / HTTP/1.1\r\n" + host + "\r\n":                                                              ErrStartLine,
		"GET / HTTP/1.1 \r\n" + host + "\r\n":                                                             ErrTarget,
		"GET / http/1.1\r\n" + host + "\r\n":                                                              ErrStartLine,
		"GET / HTTP/11.1\r\n" + host + "\r\n":                                                             ErrStartLine,
		"GET / HTTP/2.0\r\n" + host + "\r\n":                                                              ErrVersion,
		"PRI * HTTP/2.0\r\n\r\n":                                                                          ErrVersion,
		"GET /a b HTTP/1.1\r\n" + host + "\r\n":                                                           ErrTarget,
		"GET /a\tb HTTP/1.1\r\n" + host + "\r\n":                                                          ErrTarget,
		"GET /a#b HTTP/1.1\r\n" + host + "\r\n":                                                           ErrTarget,
		"GET a HTTP/1.1\r\n" + host + "\r\n":                                                              ErrTarget,
		"GET * HTTP/1.1\r\n" + host + "\r\n":                                                              ErrTarget,
		"CONNECT a HTTP/1.1\r\n" + host + "\r\n":                                                          ErrTarget,
		"CONNECT 80 HTTP/1.1\r\n" + host + "\r\n":                                                         ErrTarget,
		"CONNECT [::1] HTTP/1.1\r\n" + host + "\r\n":                                                      ErrTarget,
		"CONNECT a:80 HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\n":                                  ErrFraming,
		"GET http:///x HTTP/1.1\r\n" + host + "\r\n":                                                      ErrTarget,
		"GET http://u@b/x HTTP/1.1\r\n" + host + "\r\n":                                                   ErrTarget,
		"GET ftp://b/x HTTP/1.1\r\n" + host + "\r\n":                                                      ErrTarget,
		"GET / HTTP/1.1\r\n\r\n":                                                                          ErrHost,
		"GET / HTTP/1.1\r\n" + host + host + "\r\n":                                                       ErrHost,
		"GET / HTTP/1.1\r\nHost: a b\r\n\r\n":                                                             ErrHost,
		"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n":                                                             ErrHost,
		"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n":                                                             ErrHost,
		"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n":                                                             ErrHost,
		"GET / HTTP/1.1\r\nHost: :80\r\n\r\n":                                                             ErrHost,
		"GET / HTTP/1.1\r\nHost: []\r\n\r\n":                                                              ErrHost,
		"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n":                                                            ErrHost,
		"GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n":                                                          ErrHost,
		"GET / HTTP/1.1\r\n" + host + "X\r\n\r\n":                                                         ErrField,
		"GET / HTTP/1.1\r\n" + host + ": x\r\n\r\n":                                                       ErrField,
		"GET / HTTP/1.1\r\n" + host + "X : x\r\n\r\n":                                                     ErrField,
		"GET / HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n":                                                ErrField,
		"GET / HTTP/1.1\r\n" + host + "X: a\rb\r\n\r\n":                                                   ErrField,
		"GET / HTTP/1.1\r\n" + host + "X: a\x00b\r\n\r\n":                                                 ErrField,
		"GET / HTTP/1.1\r\n" + host + "X: a\nY: b\r\n\r\n":                                                ErrField,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\n":                                       ErrFraming,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 1, 1\r\n\r\n":                                     ErrFraming,
		"POST / HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\n":                                          ErrFraming,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 9223372036854775808\r\n\r\n":                      ErrFraming,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n":                   ErrFraming,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n":          ErrFraming,
		"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n":                              ErrFraming,
		"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n":                         ErrFraming,
		"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n": ErrFraming,
		"POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n":                               ErrFraming,
	} {
		require.ErrorIs(t, new(Request).Parse([]byte(head), limits), want, "%q", head)
	}
}

// A response says where its body ends, or is refused.
func TestResponse(t *testing.T) {
	for _, c := range []struct {
		head      string
		toHead    bool
		framing   Framing
		keepAlive bool
		err       error
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, Framing{Length, 5}, true, nil},
		{"HTTP/1.1 200\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", false, Framing{Length, 5}, true, nil},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, Framing{}, true, nil},
		{"HTTP/1.1 204 No Content\r\n\r\n", false, Framing{}, true, nil},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, Framing{}, true, nil},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, Framing{Kind: Chunked}, true, nil},
		{"HTTP/1.1 200 OK\r\n\r\n", false, Framing{Kind: UntilClose}, false, nil},
		{"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", false, Framing{Length, 5}, false, nil},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", false, Framing{}, true, ErrFraming},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", false, Framing{}, true, ErrFraming},
		{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, Framing{}, false, ErrFraming},
		{"HTTP/2.0 200 OK\r\n\r\n", false, Framing{}, false, ErrVersion},
		{"HTTP/1.1 20 OK\r\n\r\n", false, Framing{}, false, ErrStartLine},
		{"HTTP/1.1 2000 OK\r\n\r\n", false, Framing{}, false, ErrStartLine},
		{"HTTP/1.1 099 OK\r\n\r\n", false, Framing{}, false, ErrStartLine},
		{"HTTP/1.1 200 O\x01K\r\n\r\n", false, Framing{}, false, ErrStartLine},
		{"ICY 200 OK\r\n\r\n", false, Framing{}, false, ErrStartLine},
	} {
		var p Response
		err := p.Parse([]byte(c.head), c.toHead, limits.Fields)
		require.ErrorIs(t, err, c.err, "%q", c.head)
		if c.err == nil {
			require.Equal(t, c.framing, p.Framing, "%q", c.head)
			require.Equal(t, c.keepAlive, p.KeepAlive, "%q", c.head)
		}
	}
}

// A name with an underscore is neither the field it looks like, so that it frames
// nothing, nor one of those that pass beside it.
func TestIdentify(t *testing.T) {
	for _, f := range knownFields {
		require.Equal(t, f.id, identify([]byte(f.name)), f.name)
	}
	require.Equal(t, Twin, identify([]byte("X_Real_IP")))
	require.Equal(t, Twin, identify([]byte("x-forwarded_FOR")))
	require.Equal(t, Twin, identify([]byte("Content_Length")))
	require.Equal(t, Twin, identify([]byte("Transfer_Encoding")))
	require.Equal(t, Other, identify([]byte("x_custom")))
	require.Equal(t, Other, identify([]byte("x-real-ip2")))
}
