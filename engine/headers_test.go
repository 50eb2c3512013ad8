package engine

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// oracle returns the header that httputil.ReverseProxy would send for a request
// from 1.2.3.4, as far as both promise the same.
func oracle(t *testing.T, head string) http.Header {
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	require.NoError(t, err, "what is accepted is a request to net/http too: %q", head)
	req.RemoteAddr = "1.2.3.4:5"
	var sent *http.Request
	proxy := httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "backend"})
			r.SetXForwarded()
		},
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = r
			return nil, http.ErrAbortHandler
		}),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {},
	}
	proxy.ServeHTTP(discardResponse{}, req)
	require.NotNil(t, sent)
	return sent.Header
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type discardResponse struct{}

func (discardResponse) Header() http.Header         { return http.Header{} }
func (discardResponse) Write(p []byte) (int, error) { return len(p), nil }
func (discardResponse) WriteHeader(int)             {}

// rewrite returns the head this proxy would send, and false when it refuses the
// request.
func rewrite(head string) (string, bool) {
	x := &exchange{snap: &snapshot{}, listener: &listenerSettings{}}
	x.conn = &conn{line: line{peer: netip.MustParseAddr("1.2.3.4")}, peerText: []byte("1.2.3.4")}
	if x.request.Parse([]byte(head), http1.Limits{Target: 8192, Fields: 128}) != nil {
		return "", false
	}
	x.identify()
	return string(x.appendRequestHead(nil)), true
}

// ours are the names of the fields that the two proxies treat differently on
// purpose: framing and Host are the transport's there, Te "trailers" is kept
// there, and so is an Upgrade; User-Agent is suppressed there when absent.
var ours = []string{"Content-Length", "Transfer-Encoding", "Host", "Te", "Upgrade", "Connection", "Expect",
	"X-Real-Ip", "User-Agent", "Http2-Settings", "Trailer"}

// compare checks a head that was rewritten against httputil.ReverseProxy.
func compare(t *testing.T, head string) {
	got, ok := rewrite(head)
	if !ok {
		return
	}
	sent, err := http.ReadRequest(bufio.NewReader(strings.NewReader(got)))
	require.NoError(t, err, "%q", got)
	original, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	require.NoError(t, err)
	require.Equal(t, original.Method, sent.Method)
	require.Equal(t, original.Host, sent.Host)
	require.Equal(t, original.ContentLength, sent.ContentLength)
	require.Equal(t, original.TransferEncoding, sent.TransferEncoding)
	require.Equal(t, []string{"1.2.3.4"}, sent.Header["X-Real-Ip"])

	want := oracle(t, head)
	for _, name := range ours {
		want.Del(name)
		sent.Header.Del(name)
	}
	for name := range want {
		if isTwin(name) {
			want.Del(name) // one of a field the proxy knows is dropped here
		}
	}
	if original.Host == "" {
		want.Del("X-Forwarded-Host")
	}
	require.Equal(t, want, sent.Header, "%q became %q", head, got)
}

// isTwin reports whether a name is that of a field the proxy knows, but for
// underscores.
func isTwin(name string) bool {
	fields, err := http1.ParseFields(nil, []byte(name+": x\r\n\r\n"), 10)
	return err == nil && fields[0].ID == http1.Twin
}

// Rewriting a request head agrees with httputil.ReverseProxy.
func TestRewriteAgreesWithHTTPUtil(t *testing.T) {
	for _, fields := range []string{
		"",
		"A: 1\r\nB: 2\r\nA: 3\r\n",
		"Connection: a, close\r\nA: 1\r\nB: 2\r\n",
		"Connection: a\r\nConnection: b\r\nA: 1\r\nB: 2\r\nC: 3\r\n",
		"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: x\r\nX-Forwarded-Proto: y\r\nForwarded: for=z\r\n",
		"Keep-Alive: 1\r\nProxy-Connection: 1\r\nProxy-Authorization: 1\r\nProxy-Authenticate: 1\r\n",
		"Content-Length: 12\r\nContent-Type: x\r\n",
		"Transfer-Encoding: chunked\r\n",
		"Accept: \r\nCookie: a=b\r\nCookie: c=d\r\n",
		"X_Real_IP: 1\r\nX_Custom: 2\r\n",
	} {
		compare(t, "GET /x?y HTTP/1.1\r\nHost: h\r\n"+fields+"\r\n")
	}
}

// FuzzRewrite compares the rewriting of any request head with
// httputil.ReverseProxy.
func FuzzRewrite(f *testing.F) {
	f.Add("GET", "/x?y", "A: 1\r\nConnection: a\r\n")
	f.Add("POST", "//%2F", "Content-Length: 5\r\nX-Forwarded-For: 1\r\n")
	f.Add("GET", "/", "Transfer_Encoding:\r\nAccept_: x\r\nX_Y: z\r\n")
	f.Add("HEAD", "http://h/x", "Transfer-Encoding: chunked\r\nX_Forwarded_For: 1\r\n")
	f.Fuzz(func(t *testing.T, method, target, fields string) {
		head := method + " " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"
		if n := bytes.Index([]byte(head), []byte("\r\n\r\n")); n+4 != len(head) {
			t.Skip("not one head")
		}
		if differs(head) {
			t.Skip("net/http reads this in a way of its own")
		}
		compare(t, head)
	})
}

// differs reports whether net/http refuses a request that RFC 9112 allows, so
// that it cannot be the oracle for it.
func differs(head string) bool {
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		return true
	}
	// Upgrade requests are tunnels there; trailers are announced there.
	return slices.ContainsFunc([]string{"Upgrade", "Trailer"}, func(name string) bool {
		_, ok := req.Header[name]
		return ok
	}) || len(req.Trailer) > 0
}
