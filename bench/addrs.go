//go:build linux

package main

import (
	"fmt"
	"net"
	"net/netip"
)

// All servers of the rig are on loopback addresses other than 127.0.0.1: that one
// is where connections to any of them come from, with ports that would be in the
// way.
const contenderHost = "127.0.0.2"

// backendHosts is how many of the backends' addresses follow each other: 127.0.N.1
// to 127.0.N.250, so that none of them looks like that of a network.
const backendHosts = 250

// freeAddr returns an address on host with a port that nobody listens on.
func freeAddr(host string) (string, error) {
	l, err := net.Listen("tcp4", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// backendAddrs returns count addresses for the backends of one process, all with
// the same port.
func backendAddrs(process, count int) ([]string, error) {
	first, err := freeAddr(fmt.Sprintf("127.0.%d.1", 64*(process+1)))
	if err != nil {
		return nil, err
	}
	addrs := make([]string, count)
	for i := range addrs {
		addrs[i] = following(first, i)
	}
	return addrs, nil
}

// following returns the n-th address after addr, with the same port. What is no
// IPv4 address has none and is returned as it is.
func following(addr string, n int) string {
	first, err := netip.ParseAddrPort(addr)
	if err != nil || !first.Addr().Is4() {
		return addr
	}
	b := first.Addr().As4()
	host := int(b[3]) - 1 + n
	b[2] += byte(host / backendHosts)
	b[3] = byte(1 + host%backendHosts)
	return netip.AddrPortFrom(netip.AddrFrom4(b), first.Port()).String()
}
