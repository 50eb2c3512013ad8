//go:build linux

package main

// idleConnections is what clients cost that stay and say nothing. The floor
// holds no state that could be compared.
var idleConnections = scenario{
	name:     "idle",
	about:    "8,000 kept connections after one request each",
	method:   idle{},
	variants: []variant{{path: "/", connections: 8000}},
	without:  []string{directName, floorName},
}
