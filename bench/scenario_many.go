//go:build linux

package main

// many is small with more connections than fit in the caches.
var many = scenario{
	name:     "many",
	about:    "GET, 100 bytes back, 1,000 connections",
	method:   saturate{},
	variants: []variant{{path: "/", connections: 1000}},
}
