package engine

import (
	"net/netip"
	"unsafe"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// identify finds out who the client is: the peer of the connection, unless that
// is a trusted proxy. Then it is the right-most address of X-Forwarded-For that
// is not one itself: everything to its left was written by somebody nobody
// vouches for.
func (x *exchange) identify() {
	c := x.conn
	x.client = c.peer
	if len(x.listener.trusted) == 0 {
		return
	}
	x.trusted = x.listener.trusts(c.peer)
	if !x.trusted {
		return
	}
	fields := x.request.Fields
	for i := len(fields) - 1; i >= 0; i-- {
		if fields[i].ID == http1.XForwardedFor && !x.walkBack(fields[i].Value) {
			return
		}
	}
}

// walkBack goes through a list of addresses from its right end, and reports
// whether all of them were trusted, so that the fields before it count too.
func (x *exchange) walkBack(list []byte) bool {
	for len(list) > 0 {
		var last []byte
		if list, last = cutLast(list); len(last) == 0 {
			continue // RFC 9110 section 5.6.1.2
		}
		addr, ok := parseAddr(last)
		if !ok {
			return false // what cannot be read vouches for nothing further left
		}
		x.client = addr
		if !x.listener.trusts(addr) {
			return false
		}
	}
	return true
}

// cutLast cuts the last element off a comma-separated list.
func cutLast(list []byte) (rest, last []byte) {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == ',' {
			return list[:i], http1.TrimBlanks(list[i+1:])
		}
	}
	return nil, http1.TrimBlanks(list)
}

// parseAddr reads an element of X-Forwarded-For: an address, by some proxies
// with a port ("1.2.3.4:5", "[::1]:5") or in brackets alone.
func parseAddr(b []byte) (netip.Addr, bool) {
	if len(b) == 0 {
		return netip.Addr{}, false
	}
	s := unsafe.String(&b[0], len(b)) // only read while b is: nothing keeps it
	if b[0] == '[' && b[len(b)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = ap.Addr()
	}
	return addr.Unmap().WithZone(""), true
}
