package limiter

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNothingIsAllocated(t *testing.T) {
	// No request allocates: known or new, granted, limited or charged to the overflow, IPv4 or IPv6.
	l := small(1, 2)
	now, key := time.Duration(0), uint64(0)
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1%eth0")
	for name, f := range map[string]func(){
		"granted":  func() { now += time.Second; l.Allow(keyOf(1), now) },
		"limited":  func() { l.Allow(keyOf(1), now) },
		"overflow": func() { key += 1 << tatBits; l.Allow(key, now) },
		"key v4":   func() { l.Key(v4) },
		"key v6":   func() { l.Key(v6) },
		"clients":  func() { l.Clients(now) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, f), name)
	}
}
