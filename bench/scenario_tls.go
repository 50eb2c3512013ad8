//go:build linux

package main

import "crypto/tls"

// overTLS is what encryption towards clients costs: of what passes, and of the
// handshake of a client who was never there. Backends are asked in plain text.
// Those who speak no TLS do not take part.
var overTLS = scenario{
	name: "tls",
	about: "GET over TLS, 100 bytes back, 64 connections that are kept, or one with a full handshake for each request; " +
		"for all a certificate with ECDSA P-256, X25519, AES-128-GCM",
	method: saturate{},
	variants: []variant{
		{name: "kept, TLS 1.3", path: "/", connections: 64, tls: tls.VersionTLS13},
		{name: "handshakes, TLS 1.3", path: "/", connections: 64, tls: tls.VersionTLS13, closing: true},
		{name: "handshakes, TLS 1.2", path: "/", connections: 64, tls: tls.VersionTLS12, closing: true},
	},
	without: []string{directName, floorName},
}
