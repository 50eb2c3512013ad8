//go:build linux

package main

// upload is the other direction: the backend reads the body and answers with
// its length.
var upload = scenario{
	name:   "upload",
	about:  "POST of a body, its length back, 64 connections",
	method: saturate{},
	variants: []variant{
		{name: "10 KiB", path: "/discard", body: 10 << 10, connections: 64},
		{name: "1 MiB", path: "/discard", body: 1 << 20, connections: 64},
	},
}
