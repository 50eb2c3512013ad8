//go:build linux

package main

// body64k is an answer larger than the buffers a proxy reads into, so that it
// has to be streamed.
var body64k = scenario{
	name:  "body64k",
	about: "GET, 64 KiB back",
	path:  "/bytes/65536",
}
