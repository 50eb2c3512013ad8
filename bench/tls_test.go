//go:build linux

package main

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// secureServer answers over TLS as a backend does, and remembers of each request
// what its connection had not in common with the others.
type secureServer struct {
	*httptest.Server
	variant variant

	mu       sync.Mutex
	requests int
	other    error
}

// startSecure starts a server that ends with the test, with the certificate of
// contenders in this configuration.
func startSecure(t *testing.T, v variant, config *tls.Config) *secureServer {
	certFile, keyFile, err := writeIdentity(t.TempDir())
	require.NoError(t, err)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	require.NoError(t, err)
	config.Certificates = []tls.Certificate{pair}
	s := &secureServer{variant: v}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // Clients leave in the middle.
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *secureServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	s.other = errors.Join(s.other, s.variant.agreed(r.TLS))
	s.mu.Unlock()
	_, _ = w.Write(hello)
}

// entrant is the server as a contender whose process does not matter.
func (s *secureServer) entrant() *entrant {
	return &entrant{variant: s.variant, addr: s.Listener.Addr().String()}
}

// seen returns how many requests came, and what was wrong with their connections.
func (s *secureServer) seen() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, s.other
}

// Each request of the load has a whole handshake, of the kind that is the same for
// all, even where the server would resume sessions.
func TestHandshakes(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			v := variant{path: "/", connections: 4, tls: version, closing: true}
			s := startSecure(t, v, &tls.Config{})
			got, err := new(rig).load(t.Context(), s.entrant(), 200*time.Millisecond)
			require.NoError(t, err)
			requests, other := s.seen()
			require.NoError(t, other)
			require.Positive(t, got.requests)
			require.Equal(t, requests, got.requests)
			require.Zero(t, got.errors)
			require.LessOrEqual(t, got.p50, got.p99)

			resuming := v.clientTLS()
			resuming.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: resuming}}
			require.NoError(t, v.ask(t.Context(), &client, s.entrant().addr))
			require.ErrorContains(t, v.ask(t.Context(), &client, s.entrant().addr), "a session was resumed")
		})
	}
}

// A contender that agrees on something else than the others is not measured.
func TestHandshakesOfAnotherKind(t *testing.T) {
	v := variant{path: "/", connections: 2, tls: tls.VersionTLS13, closing: true}
	s := startSecure(t, v, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}})
	_, err := new(rig).load(t.Context(), s.entrant(), time.Second)
	require.ErrorContains(t, err, "CurveP256 (want TLS 1.3, TLS_AES_128_GCM_SHA256, X25519)")
}

// Handshakes that fail are errors and no requests.
func TestHandshakesThatFail(t *testing.T) {
	v := variant{path: "/", connections: 2, tls: tls.VersionTLS13, closing: true}
	s := startSecure(t, v, &tls.Config{MaxVersion: tls.VersionTLS12})
	got, err := new(rig).load(t.Context(), s.entrant(), 50*time.Millisecond)
	require.NoError(t, err)
	require.Zero(t, got.requests)
	require.Positive(t, got.errors)
}

// wrk offers no more than the rig's own clients do.
func TestWrkOverTLS(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	path, err := installed("wrk", "")
	if err != nil {
		t.Skip(err)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			s := startSecure(t, variant{path: "/", connections: 2, tls: version}, &tls.Config{})
			r := rig{dir: t.TempDir(), kit: &kit{tools: map[string]string{"wrk": path}}}
			got, err := r.load(t.Context(), s.entrant(), time.Second)
			require.NoError(t, err)
			_, other := s.seen()
			require.NoError(t, other)
			require.Positive(t, got.requests)
			require.Zero(t, got.errors)
		})
	}
}

// Every contender that takes part speaks TLS with what is the same for all.
func TestContendersOverTLS(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the proxy and starts its peers")
	}
	backends, _ := startBackendsAt(t, fewBackends)
	certFile, keyFile, err := writeIdentity(t.TempDir())
	require.NoError(t, err)
	k := kit{self: self(t), dir: t.TempDir()}
	for _, c := range contenders {
		t.Run(c.name, func(t *testing.T) {
			if c.name == directName || c.name == floorName {
				t.Skip("speaks no TLS")
			}
			t.Chdir("..")
			path, err := c.find(t.Context(), &k)
			var absent missingError
			if errors.As(err, &absent) {
				t.Skip(err)
			}
			require.NoError(t, err)
			addr, err := freeAddr(contenderHost)
			require.NoError(t, err)
			cmd, err := c.command(site{
				Program: path, Dir: t.TempDir(), Addr: addr, Host: contenderHost, Backends: backends, Connections: 64,
				CertFile: certFile, KeyFile: keyFile,
			})
			require.NoError(t, err)
			p := startServer(t, cmd)
			for _, v := range overTLS.variants {
				require.NoError(t, awaitAnswer(t.Context(), p, v, addr), v.name)
			}
		})
	}
}

// A scenario has a certificate when one of its variants needs one.
func TestRigIdentity(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r, err := newRig(settings{}, overTLS, &kit{}, io.Discard)
	require.NoError(t, err)
	defer r.close()
	require.Equal(t, r.certFile+".key", r.keyFile, "where HAProxy looks for it")
	_, err = tls.LoadX509KeyPair(r.certFile, r.keyFile)
	require.NoError(t, err)

	plain, err := newRig(settings{}, small, &kit{}, io.Discard)
	require.NoError(t, err)
	defer plain.close()
	require.Empty(t, plain.certFile)
	found, err := filepath.Glob(filepath.Join(plain.dir, "*"))
	require.NoError(t, err)
	require.Empty(t, found)
}
