package engine

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
	"github.com/ESousa97/goproxyreverso/pool/pooltest"
)

// A client that speaks TLS is served in each version, resumes its session, and the
// backend hears that it came by https.
func TestTLS(t *testing.T) {
	p, _ := startSecure(t, `backends: [$a]`, "")
	p.secure.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	heads := make(chan string, 2)
	p.backend("a").Serve(func(b *pooltest.Conn) {
		for {
			r, err := b.ReadRequest()
			if err != nil {
				return
			}
			heads <- r.Head
			b.Reply(200, "hi")
		}
	})
	for _, v := range []struct {
		version uint16
		name    string
	}{{tls.VersionTLS12, "1.2"}, {tls.VersionTLS13, "1.3"}} {
		p.secure.MaxVersion, p.secure.ServerName = v.version, "proxy.test"
		for _, resumed := range []string{"false", "true"} {
			c := p.connect()
			for range 2 {
				c.get("/")
				c.want(200, "hi")
				require.Contains(t, <-heads, "\r\nX-Forwarded-Proto: https\r\n")
			}
			require.NoError(t, c.Close())
			p.wantMetric(`proxy_tls_handshakes_total{version="`+v.name+`",resumed="`+resumed+`"}`, "1")
		}
		p.secure.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	}
	file := p.snapshot.Load().config.Listeners[0].TLS.Certificates[0].CertFile
	require.NotEqual(t, "0", p.metric(`proxy_tls_certificate_expiry_timestamp_seconds{file="`+file+`"}`))
}

// A client that speaks plain HTTP where TLS is spoken is told so, and the proxy is
// in order behind it.
func TestPlainHTTPOnTLS(t *testing.T) {
	p, _ := startSecure(t, `backends: [$a]`, ", hsts: 1h")
	p.backend("a").Answer("hi")
	c := p.plain()
	c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n" + strings.Repeat("x", 1000))
	r := c.wantReject(400, "http_request_error")
	require.Equal(t, "400 Bad Request: plain HTTP was sent to a port that speaks TLS (use https)\n", r.body)
	require.NotContains(t, r.Header, "Strict-Transport-Security", "RFC 6797 section 7.2")
	c.wantEnd()
	p.wantMetric(`proxy_tls_handshake_errors_total{reason="not_tls"}`, "1")
	p.connect().get("/").want(200, "hi")
}

// Handshakes that fail are counted by why; a client that only connected did nothing
// wrong.
func TestFailedHandshakes(t *testing.T) {
	p, a := startSecure(t, "backends: [$a]\ntimeouts: {tls_handshake: 1s}", ", client_auth: require, client_ca_file: @ca")
	dial := func(c *tls.Config) error {
		nc, err := tls.Dial("tcp", p.Addr().String(), c)
		if err != nil {
			return err
		}
		defer nc.Close()
		_, err = nc.Read(make([]byte, 1)) // with TLS 1.3 an alert comes later
		return err
	}
	count := func(reason string, do func()) {
		t.Helper()
		do()
		p.wantMetric(`proxy_tls_handshake_errors_total{reason="`+reason+`"}`, "1")
	}
	idle := p.plain()
	count("not_tls", func() { p.plain().send("\x16nonsense\r\n").wantReset() })
	count("timeout", func() { p.plain().send("\x16\x03\x01").wantReset() })
	count("client_gone", func() { _ = p.plain().send("\x16\x03\x01").Close() })
	count("alert_received", func() { require.ErrorContains(t, dial(newAuthority(t).client()), "unknown authority") })
	count("client_certificate", func() {
		c := newAuthority(t).with("stranger")
		c.RootCAs = a.client().RootCAs
		require.ErrorContains(t, dial(c), "unknown certificate authority")
	})
	count("protocol_error", func() { require.ErrorContains(t, dial(a.client()), "certificate required") })
	idle.wantEnd()
	for _, reason := range handshakeReasons {
		p.wantMetric(`proxy_tls_handshake_errors_total{reason="`+reason+`"}`, "1")
	}
	p.wantMetric("proxy_downstream_connections", "0")
}

// wantReset waits until the proxy ends the connection, whatever it sends before.
func (c *client) wantReset() {
	c.t.Helper()
	_, err := io.Copy(io.Discard, c.Conn)
	require.NotErrorIs(c.t, err, os.ErrDeadlineExceeded)
}

// A response that breaks off ends without the alert that ends TLS in order, so that
// the client sees it was cut; a whole one ends with it.
func TestTruncationOverTLS(t *testing.T) {
	p, _ := startSecure(t, `backends: [$a]`, "")
	var answers atomic.Value
	p.backend("a").Serve(func(b *pooltest.Conn) {
		if _, err := b.ReadRequest(); err == nil {
			b.Send(answers.Load().(string))
		}
	})
	for answer, inOrder := range map[string]bool{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello":                            true,
		"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello":                            false,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n":          false,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n": true,
	} {
		answers.Store(answer)
		require.Equal(t, inOrder, p.endsInOrder("GET / HTTP/1.0\r\nHost: h\r\n\r\n"), "%q", answer)
	}
}

// What a backend hears of a client's certificate is what TLS has shown, or what a
// trusted proxy says of a connection without one, and never what a client writes.
func TestClientCertFields(t *testing.T) {
	const spoofed = "Client-Cert: :eA==:\r\nclient-cert-chain: :eA==:\r\nX-Client-Cert-Subject: CN=root\r\n" +
		"X_Client_Cert_Subject: CN=root\r\nClient_Cert: :eA==:\r\nConnection: x-client-cert-subject, client-cert\r\n"
	for _, trusted := range []string{"[]", "[127.0.0.1]"} {
		p, a := startSecure(t, "backends: [$a]\ntrusted_proxies: "+trusted, ", client_auth: optional, client_ca_file: @ca")
		anonymous := p.connect()
		p.secure = a.with("client.test")
		known, cert := p.connect(), ":"+base64.StdEncoding.EncodeToString(p.secure.Certificates[0].Certificate[0])+":"
		ask := func(c *client) (fields []string) {
			c.send("GET / HTTP/1.1\r\nHost: h\r\n" + spoofed + "\r\n")
			b := p.backend("a").Accept()
			for line := range strings.SplitSeq(b.Receive().Head, "\r\n") {
				if name, _, _ := strings.Cut(strings.ToLower(line), ":"); strings.Contains(name, "client") {
					fields = append(fields, line)
				}
			}
			b.Reply(200, "")
			c.want(200, "")
			_ = b.Close()
			return fields
		}
		passed := []string(nil)
		if trusted != "[]" {
			passed = []string{"Client-Cert: :eA==:", "client-cert-chain: :eA==:", "X-Client-Cert-Subject: CN=root"}
		}
		require.Equal(t, passed, ask(anonymous))
		require.Equal(t, []string{"X-Client-Cert-Subject: CN=client.test", "Client-Cert: " + cert}, ask(known))
	}
}

// With tls.hsts, each final response tells browsers to come by https only, unless
// the backend says something about that itself.
func TestHSTS(t *testing.T) {
	p, _ := startSecure(t, `backends: [$a]`, ", hsts: 24h")
	c := p.connect()
	c.get("/")
	b := p.backend("a").Accept()
	b.Receive()
	b.Send("HTTP/1.1 103 Early Hints\r\n\r\n").Reply(200, "x")
	const hints = "HTTP/1.1 103 Early Hints\r\n\r\n"
	require.Equal(t, hints, c.bytes(len(hints)))
	require.Equal(t, []string{"max-age=86400"}, c.want(200, "x").Header["Strict-Transport-Security"])
	c.get("/")
	b.Receive()
	b.Send("HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=1\r\nContent-Length: 0\r\n\r\n")
	require.Equal(t, []string{"max-age=1"}, c.want(200, "").Header["Strict-Transport-Security"])
	c.get("/metrics")
	r, err := c.receive("GET")
	require.NoError(t, err)
	require.Equal(t, []string{"max-age=86400"}, r.Header["Strict-Transport-Security"])
	c.send("BAD\r\n\r\n")
	require.Equal(t, []string{"max-age=86400"}, c.wantReject(400, "http_request_error").Header["Strict-Transport-Security"])
}

// A reload that leaves TLS as it is leaves its connections; after one that changes
// it they end with their next response. What cannot be served with changes nothing.
func TestReloadTLS(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("proxy.test")
	yaml := fmt.Sprintf("backends: [$a]\ntls: {cert_file: %q, key_file: %q", cert, key)
	p := startProxy(t, yaml+"}")
	p.secure = a.client()
	p.backend("a").Serve(answerAll)
	kept := p.connect()
	ask := func() bool {
		kept.get("/0")
		return kept.want(200, "").Close
	}
	require.False(t, ask())
	store := p.snapshot.Load().listeners[0].settings.Load().store
	require.NoError(t, p.change(yaml+", hsts: 1h}"))
	require.Same(t, store, p.snapshot.Load().listeners[0].settings.Load().store)
	require.False(t, ask())

	require.ErrorContains(t, p.change(yaml+", certificates: [{cert_file: /nowhere, key_file: /nowhere}]}"), "/nowhere")
	require.Same(t, store, p.snapshot.Load().listeners[0].settings.Load().store)
	require.False(t, ask())

	require.NoError(t, p.change(yaml+", min_version: '1.3'}"))
	require.NotSame(t, store, p.snapshot.Load().listeners[0].settings.Load().store)
	require.True(t, ask(), "a connection goes on with TLS as it was")
	kept.wantEnd()
	require.NoError(t, p.change("backends: [$a]"))
	p.plain().get("/0").want(200, "")
}

// A certificate that has expired is served, and warned of: that is for the operator
// to put right, with a reload among other things.
func TestExpiredCertificate(t *testing.T) {
	p, a := startSecure(t, `backends: [$a]`, "")
	expired := certstest.For("proxy.test")
	expired.NotBefore, expired.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	cert, key := a.Issue(expired, certstest.ECDSA(t)).Write(t, t.TempDir())
	require.NoError(t, p.change(fmt.Sprintf("backends: [$a]\ntls: {cert_file: %q, key_file: %q}", cert, key)))
	require.Contains(t, p.log.String(), "CN=proxy.test expired on ")
}

// A certificate that is replaced on disk is shown to new clients, and those that are
// connected notice nothing.
func TestReplacedCertificate(t *testing.T) {
	p, a := startSecure(t, `backends: [$a]`, "")
	p.backend("a").Serve(answerAll)
	kept := p.connect()
	kept.get("/0").want(200, "")
	dir := filepath.Dir(p.snapshot.Load().config.Listeners[0].TLS.Certificates[0].CertFile)
	next := a.IssueFor("proxy.test")
	next.Write(t, dir)
	require.Eventually(t, func() bool {
		nc, err := tls.Dial("tcp", p.Addr().String(), p.secure)
		require.NoError(t, err)
		defer nc.Close()
		return nc.ConnectionState().PeerCertificates[0].Equal(next.Cert)
	}, patience, 10*time.Millisecond)
	kept.get("/0").want(200, "")
}

// A session goes on with the process that takes over.
func TestSessionOutlivesProcess(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("proxy.test")
	yaml := fmt.Sprintf("backends: ['http://127.0.0.1:1']\ntls: {cert_file: %q, key_file: %q}", cert, key)
	old := startProxy(t, yaml)
	old.secure = a.client()
	old.secure.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	old.connect().get("/metrics").receive("GET")
	state, err := old.State()
	require.NoError(t, err)

	next, err := newEngine(t, yaml, io.Discard)
	require.NoError(t, err)
	require.NoError(t, next.Restore(state))
	p := &tester{Engine: next, t: t, secure: old.secure}
	p.start()
	c := p.connect()
	require.NoError(t, c.Conn.(*tls.Conn).Handshake())
	require.True(t, c.Conn.(*tls.Conn).ConnectionState().DidResume)
}

// A client that sends a record without end is not served, and does not gain time
// beyond timeouts.client_idle by being parked between its bytes.
func TestEndlessRecord(t *testing.T) {
	p, _ := startSecure(t, "backends: [$a]\ntimeouts: {client_idle: 300ms}", "")
	p.parkAfter = 10 * time.Millisecond
	p.backend("a").Answer("hi")
	nc := p.plain()
	p.newClient(tls.Client(nc.Conn, p.secure)).get("/").want(200, "hi")
	nc.send("\x17\x03\x03\x40\x00")
	trickle(t, nc, "x")
	nc.wantReset()
	p.wantMetric("proxy_downstream_connections", "0")
}

// A stop does not wait for clients that have sent nothing, and waits for a handshake
// under way.
func TestStopDuringHandshake(t *testing.T) {
	p, _ := startSecure(t, `backends: [$a]`, "")
	p.backend("a").Answer("hi")
	silent, begun := p.plain(), p.plain()
	begun.send("\x16")
	p.wantMetric("proxy_downstream_connections", "2")
	stopped := make(chan error, 1)
	go func() { stopped <- p.stop() }()
	silent.wantEnd()
	require.Empty(t, stopped)
	_ = begun.Close()
	require.NoError(t, <-stopped)
}

// The access log tells the version of TLS.
func TestLoggedVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	p, _ := startSecure(t, "backends: [$a]\naccess_log: {path: "+path+", format: '${status} ${tls_version}'}", ", min_version: '1.3'")
	p.backend("a").Serve(answerAll)
	p.connect().get("/0").want(200, "")
	p.wantMetric("proxy_requests_inflight", "0")
	require.NoError(t, p.stop())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "200 1.3\n", string(text))
}
