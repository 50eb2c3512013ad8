//go:build linux

package main

// latency is what a client sees of a proxy that is busy but not overloaded.
var latency = scenario{
	name:     "latency",
	about:    "GET, 100 bytes back, at a constant rate of half of what nginx can do, or else the first contender",
	method:   constantRate{},
	variants: []variant{{path: "/", connections: 64}},
}
