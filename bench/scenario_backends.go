//go:build linux

package main

// moreBackends shows what a proxy pays for having many of them: to choose one, to
// check them all, and to keep connections to each.
var moreBackends = scenario{
	name:   "backends",
	about:  "GET, 100 bytes back, 64 connections, from few backends to many",
	method: saturate{},
	variants: []variant{
		{name: "2 backends", path: "/", connections: 64, backends: 2},
		{name: "64 backends", path: "/", connections: 64, backends: 64},
		{name: "1,024 backends", path: "/", connections: 64, backends: 1024},
	},
}
