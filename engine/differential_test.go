package engine

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// counted is a request as the proxy understood it, and what it sent of it.
type counted struct {
	came, sent     []byte // its bytes, from the client and to the backend
	method         string
	asked, target  string // its target, as it came and as it has to be sent
	host, body     string
	trailers       [][2]string
	hostFromTarget bool
	forwardsDown   bool // its Max-Forwards counts
}

// forwardAll carries a client's bytes, which arrive in pieces of a size, along the
// path of a request but without sockets. It returns the requests that were
// forwarded whole, up to the first one that was not.
func forwardAll(stream []byte, piece int) (all []counted) {
	client := &conn{line: line{peer: netip.MustParseAddr("1.2.3.4")}, peerText: []byte("1.2.3.4")}
	x := &client.exchange
	x.conn, x.listener = client, &listenerSettings{}
	x.snap = &snapshot{
		headLimits: http1.Limits{Bytes: 16 << 10, Target: 8192, Fields: 128},
		timeouts:   config.Timeouts{ClientBody: time.Hour},
	}
	src := &pieces{rest: stream, size: piece}
	x.conn.Init(src, nil)
	for begin := 0; ; {
		x.conn.readHead(x.snap, 0)
		x.received, x.uploading, x.close = 0, nil, false
		if x.parse() != nil || string(x.request.Method) == "CONNECT" || x.goesNoFurther() {
			return all
		}
		x.identify()
		q := &x.request
		c := counted{method: string(q.Method), asked: string(q.Target), host: string(q.Host)}
		c.target = string(q.Path) + string(q.Query)
		if !strings.HasPrefix(c.target, "/") && c.target != "*" {
			c.target = "/" + c.target
		}
		c.hostFromTarget = len(q.Target) > 0 && q.Target[0] != '/' && q.Target[0] != '*'
		c.forwardsDown = c.method == "OPTIONS" || c.method == "TRACE"
		var ok bool
		if c.sent, c.body, ok = x.forwardOne(); !ok {
			return all
		}
		c.trailers = endToEndTrailers(x.body.Trailers)
		end := len(stream) - len(src.rest) - len(x.conn.Reader.Buffered())
		c.came = bytes.TrimLeft(stream[begin:end], "\r\n")
		begin = end
		all = append(all, c)
		if x.close {
			return all
		}
	}
}

// forwardOne sends the request that was parsed, as attempt and upload do.
func (x *exchange) forwardOne() (sent []byte, body string, ok bool) {
	out := x.appendRequestHead(nil)
	if content, whole := x.body.Whole(); whole {
		body = string(content)
		sent = append(out, content...)
		x.body.Skip(len(content))
		return sent, body, true
	}
	kind := x.request.Framing.Kind
	x.forgetHead()
	x.uploading = &upload{}
	tee := &teeBody{source: (*requestBody)(x)}
	var dst collector
	clientErr, _ := pump(&out, tee, &dst, kind)
	return dst.Bytes(), tee.content.String(), clientErr == nil
}

// teeBody remembers the content that passes.
type teeBody struct {
	source
	content strings.Builder
}

func (b *teeBody) next() ([]byte, error) {
	piece, err := b.source.next()
	b.content.Write(piece)
	return piece, err
}

type collector struct{ bytes.Buffer }

func (c *collector) Send(_ time.Duration, b []byte) error { _, err := c.Write(b); return err }

// pieces is a connection from which bytes come in pieces of a size.
type pieces struct {
	net.Conn
	rest []byte
	size int
}

// A collector is no socket: the kernel cannot move a body to it.
func (c *collector) to() *http1.Conn              { return new(http1.Conn) }
func (c *collector) await(time.Duration)          {}
func (c *collector) moved(_ int64, e error) error { return e }

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(len(p.rest), p.size)])
	p.rest = p.rest[n:]
	return n, nil
}

func (*pieces) SetReadDeadline(time.Time) error { return nil }

func endToEndTrailers(trailers []http1.Field) [][2]string {
	fields, err := strictFields(bufio.NewReader(bytes.NewReader(append(appendTrailers(nil, trailers), "\r\n"...))))
	if err != nil {
		panic(err)
	}
	return fields
}

// paddedChunk finds what net/http does not take and RFC 9112 section 7.1.1 does: a
// blank before the semicolon of a chunk extension.
var paddedChunk = regexp.MustCompile(`[0-9A-Fa-f][ \t]+;`)

// check holds a request that was forwarded against three readers: the strict one
// and net/http on what the backend gets, and net/http on what the client sent.
func (c *counted) check(t *testing.T) {
	r := bufio.NewReader(bytes.NewReader(c.sent))
	m, err := readStrictRequest(r)
	require.NoError(t, err, "%q", c.sent)
	require.Zero(t, r.Buffered(), "one request and no byte more: %q", c.sent)
	require.Equal(t, []string{c.method, c.target, "HTTP/1.1"}, m.start)
	require.Equal(t, c.host, m.values("host")[0])
	require.Equal(t, c.body, m.body)
	require.Equal(t, c.trailers, m.trailers)
	i := slices.IndexFunc(m.fields, func(f [2]string) bool { return f[0] == "X-Real-IP" })
	require.Positive(t, i)
	got := slices.DeleteFunc(m.fields[1:i], func(f [2]string) bool {
		return strings.EqualFold(f[0], "max-forwards") && c.forwardsDown
	})
	require.Equal(t, lines(c.requestFields()), lines(got), "%q became %q", c.came, c.sent)

	c.checkNetHTTP(t, c.sent, c.target)
	if !paddedChunk.Match(c.came) {
		c.checkNetHTTP(t, c.came, c.asked)
	}
}

// checkNetHTTP lets net/http read the request, which must find the same in it. A
// target that net/url does not understand is none of its business.
func (c *counted) checkNetHTTP(t *testing.T, message []byte, target string) {
	host := c.host
	if _, err := url.ParseRequestURI(target); err != nil {
		message = bytes.Replace(message, []byte(" "+target+" "), []byte(" / "), 1)
		if c.hostFromTarget && target == c.asked {
			host = ""
		}
	}
	r := bufio.NewReaderSize(bytes.NewReader(message), 64<<10)
	q, err := http.ReadRequest(r)
	if err != nil && strings.Contains(err.Error(), "bad trailer key") {
		return
	}
	require.NoError(t, err, "%q", message)
	body, err := io.ReadAll(q.Body)
	require.NoError(t, err, "%q", message)
	rest, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Empty(t, string(rest), "one request and no byte more: %q", message)
	require.Equal(t, c.method, q.Method)
	require.Equal(t, c.body, string(body))
	if host != "" {
		require.Equal(t, host, q.Host, "%q", message)
	}
}

// FuzzRequest holds whatever a client may send, as far as it is forwarded, against
// other readers of HTTP: they must find the same requests in it, with the same
// bodies, and in what the backend gets.
func FuzzRequest(f *testing.F) {
	for _, s := range requestSeeds() {
		f.Add([]byte(s), uint16(0))
		f.Add([]byte(s+"GET /next HTTP/1.1\r\nHost: h\r\n\r\n"), uint16(len(s)%7+1))
	}
	f.Fuzz(func(t *testing.T, stream []byte, piece uint16) {
		size := int(piece)
		if size == 0 {
			size = len(stream)
		}
		for _, c := range forwardAll(stream, size) {
			c.check(t)
		}
	})
}

func requestSeeds() (seeds []string) {
	for _, c := range badFramings {
		seeds = append(seeds, post+c.fields+"\r\n"+c.body)
	}
	for _, c := range goodFramings {
		seeds = append(seeds, post+c.fields+"\r\n"+c.body)
	}
	for _, c := range badChunks {
		seeds = append(seeds, postChunked+c.body)
	}
	for _, c := range goodChunks {
		seeds = append(seeds, postChunked+c.body)
	}
	for _, c := range badHeads {
		seeds = append(seeds, c.head)
	}
	for _, c := range goodHeads {
		seeds = append(seeds, c.head)
	}
	for _, c := range badTargets {
		seeds = append(seeds, c.target+" HTTP/1.1\r\nHost: h\r\n\r\n")
	}
	for _, c := range goodTargets {
		seeds = append(seeds, c.target+" HTTP/1.1\r\nHost: h\r\n\r\n")
	}
	for _, c := range badHosts {
		seeds = append(seeds, "GET /x HTTP/1.1\r\n"+c.fields+"\r\n")
	}
	for _, c := range rewrites {
		seeds = append(seeds, "GET /x HTTP/1.1\r\nHost: h\r\n"+c.sent+"\r\n")
	}
	for _, c := range pipelines {
		all := ""
		for _, r := range c.requests {
			all += r.sent
		}
		seeds = append(seeds, all)
	}
	return seeds
}
