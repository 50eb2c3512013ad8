//go:build linux

package main

// cold is what a restart costs. Programs that are part of the rig have no size
// of their own.
var cold = scenario{
	name:     "cold",
	about:    "from start to the first answer",
	method:   coldStart{},
	variants: []variant{{path: "/"}},
	without:  []string{directName, floorName, "httputil"},
}
