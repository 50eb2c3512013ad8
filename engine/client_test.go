package engine

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// identifyWith returns the client of a request that came from peer with those
// X-Forwarded-For fields, when the trusted proxies are those.
func identifyWith(peer string, trusted []string, xff ...string) netip.Addr {
	x := &exchange{conn: &conn{line: line{peer: netip.MustParseAddr(peer)}}, listener: &listenerSettings{}}
	for _, s := range trusted {
		x.listener.trusted = append(x.listener.trusted, netip.MustParsePrefix(s))
	}
	for _, s := range xff {
		x.request.Fields = append(x.request.Fields, http1.Field{ID: http1.XForwardedFor, Value: []byte(s)})
	}
	x.identify()
	return x.client
}

// The client is the peer, or behind trusted proxies the right-most address that
// is not one of them.
func TestIdentify(t *testing.T) {
	trusted := []string{"10.0.0.0/8", "fd00::/8"}
	for _, c := range []struct {
		name, peer string
		xff        []string
		want       string
	}{
		{"no proxy", "1.2.3.4", nil, "1.2.3.4"},
		{"forged by an untrusted peer", "1.2.3.4", []string{"6.6.6.6"}, "1.2.3.4"},
		{"one trusted proxy", "10.0.0.1", []string{"1.2.3.4"}, "1.2.3.4"},
		{"forged through a trusted proxy", "10.0.0.1", []string{"6.6.6.6, 1.2.3.4"}, "1.2.3.4"},
		{"two trusted proxies", "10.0.0.1", []string{"6.6.6.6, 1.2.3.4, 10.0.0.2"}, "1.2.3.4"},
		{"in several fields", "10.0.0.1", []string{"6.6.6.6", "1.2.3.4", "10.0.0.2,10.0.0.3"}, "1.2.3.4"},
		{"all trusted", "10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no field", "10.0.0.1", nil, "10.0.0.1"},
		{"empty", "10.0.0.1", []string{""}, "10.0.0.1"},
		{"empty elements", "10.0.0.1", []string{",6.6.6.6", "1.2.3.4,, ,", "", "10.0.0.2"}, "1.2.3.4"},
		{"garbage stops the walk", "10.0.0.1", []string{"6.6.6.6, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"garbage on the right", "10.0.0.1", []string{"6.6.6.6, x"}, "10.0.0.1"},
		{"with a port", "10.0.0.1", []string{"1.2.3.4:5678"}, "1.2.3.4"},
		{"IPv6", "fd00::1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv6 in brackets", "fd00::1", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"IPv6 with a port", "fd00::1", []string{"[2001:db8::1]:80"}, "2001:db8::1"},
		{"IPv4 in IPv6", "10.0.0.1", []string{"::ffff:1.2.3.4"}, "1.2.3.4"},
		{"a zone is dropped", "10.0.0.1", []string{"fe80::1%eth0"}, "fe80::1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, identifyWith(c.peer, trusted, c.xff...).String())
		})
	}
}

// naiveClient says the same as identify in the plainest way: all addresses in
// one list, read from the right.
func naiveClient(peer netip.Addr, trusted netip.Prefix, xff []string) netip.Addr {
	client := peer
	list := strings.Split(strings.Join(xff, ","), ",")
	for len(xff) > 0 && len(list) > 0 && trusted.Contains(client) {
		last := strings.Trim(list[len(list)-1], " \t")
		list = list[:len(list)-1]
		if last == "" {
			continue
		}
		bare := last
		if strings.HasPrefix(last, "[") && strings.HasSuffix(last, "]") {
			bare = last[1 : len(last)-1]
		}
		addr, err := netip.ParseAddr(bare)
		if err != nil {
			ap, err := netip.ParseAddrPort(last)
			if err != nil {
				break
			}
			addr = ap.Addr()
		}
		client = addr.Unmap().WithZone("")
	}
	return client
}

// FuzzIdentify compares identify with naiveClient.
func FuzzIdentify(f *testing.F) {
	f.Add("10.0.0.1", "6.6.6.6, 1.2.3.4", "10.0.0.2")
	f.Add("10.0.0.1", "[::1]:80, [::1], x", "")
	f.Add("1.2.3.4", ",,", " \t,10.1.1.1 ")
	f.Add("10.0.0.0", "::", "")
	f.Add("10.0.0.0", "0", "::%]")
	f.Fuzz(func(t *testing.T, peer, first, second string) {
		addr, err := netip.ParseAddr(peer)
		if err != nil || addr != addr.Unmap().WithZone("") {
			t.Skip("not an address a socket has")
		}
		trusted := "10.0.0.0/8"
		want := naiveClient(addr, netip.MustParsePrefix(trusted), []string{first, second})
		require.Equal(t, want, identifyWith(peer, []string{trusted}, first, second))
	})
}

// What the backend is told is what the limiter and the log use; a trusted peer's
// fields are continued, an untrusted one's replaced.
func TestForwardedFields(t *testing.T) {
	p := startProxy(t, "backends: [$a]\ntrusted_proxies: [127.0.0.1, 10.0.0.0/8]")
	const sent = "GET / HTTP/1.1\r\nHost: inner\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4, 10.0.0.2\r\n" +
		"X-Forwarded-Proto: https\r\nX-Forwarded-Host: outer\r\n\r\n"
	trusted := p.connect()
	trusted.send(sent)
	b := p.backend("a").Accept()
	h := b.Receive().Header
	require.Equal(t, []string{"1.2.3.4"}, h["X-Real-Ip"])
	require.Equal(t, []string{"6.6.6.6, 1.2.3.4, 10.0.0.2, 127.0.0.1"}, h["X-Forwarded-For"])
	require.Equal(t, []string{"https"}, h["X-Forwarded-Proto"])
	require.Equal(t, []string{"outer"}, h["X-Forwarded-Host"])
	b.Reply(200, "")
	trusted.want(200, "")

	p.wantMetric("proxy_requests_inflight", "0") // and so the backend's connection is idle

	untrusted := p.connectFrom("127.0.0.2")
	untrusted.send(sent)
	h = b.Receive().Header
	require.Equal(t, []string{"127.0.0.2"}, h["X-Real-Ip"])
	require.Equal(t, []string{"127.0.0.2"}, h["X-Forwarded-For"])
	require.Equal(t, []string{"http"}, h["X-Forwarded-Proto"])
	require.Equal(t, []string{"inner"}, h["X-Forwarded-Host"])
}
