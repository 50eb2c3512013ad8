package certs

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/certs/certstest"
)

// tester is a store behind a listener on the loopback interface.
type tester struct {
	t         testing.TB
	authority *certstest.Authority
	store     *Store
	log       *lines

	addr  string
	peers chan peer // how each handshake looked from the store's side
}

type peer struct {
	state tls.ConnectionState
	err   error
}

// lines collects what is logged.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.Bytes(), []byte(text))
}

// pair has the authority issue a certificate for names and writes it to a directory
// of its own.
func pair(t testing.TB, a *certstest.Authority, key crypto.Signer, names ...string) Pair {
	t.Helper()
	certFile, keyFile := a.Issue(certstest.For(names...), key).Write(t, t.TempDir())
	return Pair{CertFile: certFile, KeyFile: keyFile}
}

func freshTickets(t testing.TB) *Tickets {
	t.Helper()
	tickets, err := NewTickets(nil)
	require.NoError(t, err)
	return tickets
}

// serve starts a store that is asked for connections.
func serve(t testing.TB, a *certstest.Authority, spec Spec) *tester {
	t.Helper()
	return serveWith(t, a, spec, freshTickets(t))
}

func serveWith(t testing.TB, a *certstest.Authority, spec Spec, tickets *Tickets) *tester {
	t.Helper()
	x := &tester{t: t, authority: a, log: &lines{}, peers: make(chan peer, 1)}
	var err error
	x.store, err = New(spec, tickets, slog.New(slog.NewTextHandler(x.log, nil)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.store.Close()) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	x.addr = ln.Addr().String()
	var wg sync.WaitGroup
	wg.Go(func() { x.accept(ln) })
	t.Cleanup(func() { require.NoError(t, ln.Close()); wg.Wait() })
	return x
}

// accept answers each connection with one byte, after which the client has got its
// tickets too.
func (x *tester) accept(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		s := tls.Server(c, x.store.Config())
		_ = s.SetDeadline(time.Now().Add(20 * time.Second))
		err = s.Handshake()
		if err == nil {
			_, err = s.Write([]byte{'!'})
		}
		x.peers <- peer{s.ConnectionState(), err}
		_ = s.Close()
	}
}

// client is the configuration of a client that trusts the authority.
func (x *tester) client(name string) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(x.authority.Cert)
	return &tls.Config{ServerName: name, RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
}

// in is the tester for a part of the test.
func (x *tester) in(t *testing.T) *tester {
	part := *x
	part.t = t
	return &part
}

// try connects once and returns what both sides saw.
func (x *tester) try(c *tls.Config) (tls.ConnectionState, peer, error) {
	x.t.Helper()
	conn, err := tls.Dial("tcp", x.addr, c)
	if err != nil {
		return tls.ConnectionState{}, <-x.peers, err
	}
	defer conn.Close()
	_, err = io.ReadFull(conn, make([]byte, 1))
	return conn.ConnectionState(), <-x.peers, err
}

// connect connects once, which must succeed.
func (x *tester) connect(c *tls.Config) (tls.ConnectionState, peer) {
	x.t.Helper()
	state, p, err := x.try(c)
	require.NoError(x.t, err)
	require.NoError(x.t, p.err)
	return state, p
}

// shown returns the certificate that a client without any trust is shown.
func (x *tester) shown(c *tls.Config) *x509.Certificate {
	x.t.Helper()
	c.InsecureSkipVerify = true
	state, _ := x.connect(c)
	return state.PeerCertificates[0]
}
