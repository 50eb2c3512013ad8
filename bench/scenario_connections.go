//go:build linux

package main

// newConnections is what clients cost that do not come back: accept, one request,
// close. The contenders keep their connections to the backends. The floor cannot,
// so here it would not be one.
var newConnections = scenario{
	name:     "connections",
	about:    "GET with Connection: close, 100 bytes back, 64 clients",
	method:   saturate{},
	variants: []variant{{path: "/", connections: 64, closing: true}},
	without:  []string{floorName},
}
