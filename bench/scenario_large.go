//go:build linux

package main

// large has answers beyond the buffers a proxy reads into, so that they have to
// be streamed.
var large = scenario{
	name:   "large",
	about:  "GET, a large answer back, 64 connections",
	method: saturate{},
	variants: []variant{
		{name: "64 KiB", path: "/bytes/65536", connections: 64},
		{name: "1 MiB", path: "/bytes/1048576", connections: 64},
	},
}
