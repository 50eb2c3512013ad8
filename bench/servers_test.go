//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxied starts a contender that is part of the rig in front of two backends.
func proxied(t *testing.T, c contender) (addr string, p *process) {
	addrs, _ := startBackendsAt(t, 2)
	addr, err := freeAddr(contenderHost)
	require.NoError(t, err)
	cmd, err := c.command(site{Program: self(t), Dir: t.TempDir(), Addr: addr, Backends: addrs, Connections: 64})
	require.NoError(t, err)
	return addr, startServer(t, cmd)
}

// What is part of the rig passes on small and large answers and bodies, on kept
// connections and on those that are closed, for many clients at a time.
func TestServers(t *testing.T) {
	for _, c := range []contender{floor, goHTTPUtil} {
		t.Run(c.name, func(t *testing.T) {
			addr, p := proxied(t, c)
			require.NoError(t, awaitAnswer(t.Context(), p, variant{path: "/"}, addr))
			kept := &http.Transport{MaxIdleConnsPerHost: 8}
			defer kept.CloseIdleConnections()
			var clients sync.WaitGroup
			failed := make(chan error, 100)
			for range 8 {
				for _, transport := range []*http.Transport{kept, {DisableKeepAlives: true}} {
					clients.Go(func() {
						client := http.Client{Transport: transport}
						for _, v := range []variant{{path: "/"}, {path: "/bytes/3000000"}, {path: "/discard", body: 3000000}, {path: "/"}} {
							if err := v.ask(t.Context(), &client, addr); err != nil {
								failed <- fmt.Errorf("%v: %w", v, err)
							}
						}
					})
				}
			}
			clients.Wait()
			close(failed)
			require.NoError(t, <-failed)
		})
	}
}

// The floor keeps what a client does not take yet, and goes on when it does.
func TestFloorSlowReader(t *testing.T) {
	addr, p := proxied(t, floor)
	require.NoError(t, awaitAnswer(t.Context(), p, variant{path: "/"}, addr))
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	// More than the sockets on the way hold.
	_, err = io.WriteString(c, "GET /bytes/16000000 HTTP/1.0\r\n\r\n")
	require.NoError(t, err)
	// Others are served while this one is not reading.
	for range 3 {
		require.NoError(t, awaitAnswer(t.Context(), p, variant{path: "/bytes/200000"}, addr))
	}
	all, err := io.ReadAll(c)
	require.NoError(t, err)
	head, body, found := strings.Cut(string(all), "\r\n\r\n")
	require.True(t, found)
	require.Contains(t, head, "200 OK")
	require.Len(t, body, 16000000)
}

// Addresses that the floor cannot use are refused.
func TestFloorAddresses(t *testing.T) {
	for _, addr := range []string{"", "127.0.0.1", "localhost:80", "[::1]:80", "127.0.0.1:70000"} {
		_, err := sockaddr(addr)
		require.Error(t, err, addr)
	}
}

// The idle client keeps its connections, sees which of them are closed, and says
// what was wrong with an answer.
func TestIdleConns(t *testing.T) {
	addrs, p := startBackendsAt(t, 1)
	open, err := openIdle(t.Context(), addrs[0], variant{path: "/", connections: 70})
	defer open.close()
	require.NoError(t, err)
	require.Len(t, open, 70)
	require.Zero(t, open.lost())
	p.stop()
	require.Eventually(t, func() bool { return open.lost() == 70 }, patience, patience/1000)

	none, err := openIdle(t.Context(), addrs[0], variant{path: "/", connections: 3})
	none.close()
	require.Error(t, err)
}

// Connections come from several addresses when one would not have the ports.
func TestSource(t *testing.T) {
	require.Equal(t, "127.0.8.1", source(999).String())
	require.Equal(t, "127.0.8.2", source(1000).String())
	require.Equal(t, "127.0.8.50", source(49999).String())
}
