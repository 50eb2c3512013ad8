package limiter

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKey(t *testing.T) {
	// Addresses of one client have one key, addresses of different clients have different ones.
	for _, tt := range []struct {
		name   string
		prefix int
		a, b   string
		same   bool
	}{
		{"an IPv4 address", 64, "192.0.2.1", "192.0.2.1", true},
		{"IPv4 neighbours", 64, "192.0.2.1", "192.0.2.2", false},
		{"IPv4 mapped into IPv6", 64, "192.0.2.1", "::ffff:192.0.2.1", true},
		{"mapped neighbours", 64, "::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"mapped, with a zone", 64, "192.0.2.1", "::ffff:192.0.2.1%eth0", true},
		{"mapped, under a short prefix", 32, "::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"one /64", 64, "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
		{"neighbours of /64", 64, "2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"one /56", 56, "2001:db8:1:200::1", "2001:db8:1:2ff::9", true},
		{"neighbours of /56", 56, "2001:db8:1:200::1", "2001:db8:1:300::1", false},
		{"one /80", 80, "2001:db8::1:0:0:1", "2001:db8::1:0:0:2", true},
		{"neighbours of /80", 80, "2001:db8::1:0:0:1", "2001:db8::2:0:0:1", false},
		{"neighbours of /128", 128, "2001:db8::1", "2001:db8::2", false},
		{"both sides of /1", 1, "7fff::", "8000::", false},
		{"one side of /1", 1, "8000::", "ffff::1", true},
		{"zones", 64, "fe80::1%eth0", "fe80::1%eth1", true},
		{"IPv4-compatible is not IPv4", 128, "192.0.2.1", "::192.0.2.1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := New(Config{Rate: 1, Burst: 1, MaxClients: 1, IPv6Prefix: tt.prefix})
			a, b := l.Key(netip.MustParseAddr(tt.a)), l.Key(netip.MustParseAddr(tt.b))
			require.Equal(t, tt.same, a == b, "keys %#x and %#x", a, b)
		})
	}
}

func TestKeyOfNoAddress(t *testing.T) {
	// The zero Addr is a client like any other and does not stop the program.
	l := small(1, 1)
	require.Equal(t, l.Key(netip.IPv6Unspecified()), l.Key(netip.Addr{}))
}

func TestKeysOfTwoLimitersDiffer(t *testing.T) {
	// Nobody can work out which addresses share a set, because each limiter draws a seed.
	a, b := small(1, 1), small(1, 1)
	for _, s := range []string{"192.0.2.1", "2001:db8::1"} {
		addr := netip.MustParseAddr(s)
		require.NotEqual(t, a.Key(addr), b.Key(addr))
	}
}

func TestKeysSpreadOverTheTable(t *testing.T) {
	// Addresses that follow one another fill the table evenly enough for a full load to fit.
	l := New(Config{Rate: 1, Burst: 1, MaxClients: 1 << 14, IPv6Prefix: 64})
	addr := netip.MustParseAddr("10.0.0.0")
	for range l.MaxClients() {
		l.Allow(l.Key(addr), 0)
		addr = addr.Next()
	}
	require.Greater(t, l.Clients(0), l.MaxClients()*97/100)
}
