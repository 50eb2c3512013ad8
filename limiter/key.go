package limiter

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
)

// keyer turns addresses into keys.
type keyer struct {
	seed   maphash.Seed
	hi, lo uint64 // the bits of an IPv6 address that name a client
}

func newKeyer(prefix int) keyer {
	return keyer{
		seed: maphash.MakeSeed(),
		hi:   ^(^uint64(0) >> min(prefix, 64)),
		lo:   ^(^uint64(0) >> max(prefix-64, 0)),
	}
}

// Key returns the key of the client at addr. An IPv4 address and the same address mapped into IPv6
// have one key; of another IPv6 address only the first Config.IPv6Prefix bits count, and no zone.
// The zero Addr has the key of ::.
//
// The key depends on a seed drawn by New. Nobody outside can therefore choose addresses that share a
// set, and a key means nothing to another Limiter.
func (l *Limiter) Key(addr netip.Addr) uint64 {
	k := &l.keys
	b := addr.As16()
	if addr.Is4() || addr.Is4In6() {
		return maphash.Bytes(k.seed, b[12:])
	}
	binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])&k.hi)
	binary.BigEndian.PutUint64(b[8:], binary.BigEndian.Uint64(b[8:])&k.lo)
	return maphash.Bytes(k.seed, b[:])
}
