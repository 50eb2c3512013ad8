//go:build linux

package main

import "context"

// directName is the contender that is asked without a proxy.
const directName = "direct"

// direct is one more backend in the place of a proxy: what the load generators see
// when nothing stands in between.
var direct = contender{
	name:    directName,
	find:    findSelf,
	version: func(context.Context, string) string { return "a backend without a proxy; part of the rig" },
	command: func(s site) (command, error) { return backendCommand(s.Program, s.Addr, 1), nil },
}
