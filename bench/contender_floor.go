//go:build linux

package main

import (
	"context"
	"strings"
)

// floorName is the contender that ratios refer to beside nginx.
const floorName = "floor"

// floor is what nobody can go below; see floor_server.go.
var floor = contender{
	name:    floorName,
	find:    findSelf,
	version: func(context.Context, string) string { return "copies bytes and looks at none; part of the rig" },
	command: func(s site) (command, error) {
		return command{
			args: []string{s.Program, "floor", "-addr", s.Addr, "-backends", strings.Join(s.Backends, ",")},
			// Its only goroutine never enters the Go scheduler, which would send it
			// signals to make it.
			env: []string{"GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1"},
		}, nil
	},
}
