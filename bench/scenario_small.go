//go:build linux

package main

// small is where a proxy's own work weighs most: there is next to nothing to
// copy.
var small = scenario{
	name:     "small",
	about:    "GET, 100 bytes back, 64 connections",
	method:   saturate{},
	variants: []variant{{path: "/", connections: 64}},
}
