//go:build linux

package main

import (
	"context"
	"os"
)

// direct is a backend in the place of a proxy: the floor below which no CPU per
// request can be expected.
var direct = contender{
	name:    "direct",
	find:    func(context.Context) (string, error) { return os.Executable() },
	version: func(context.Context, string) string { return "the rig's own backend, without a proxy" },
	command: func(s site) (command, error) { return backendCommand(s.Program, s.Addr), nil },
}

// backendCommand starts a backend. It has one CPU's worth of Go whatever the
// machine has, so that two of them and a load generator stay comparable.
func backendCommand(self, addr string) command {
	return command{args: []string{self, "backend", "-addr", addr}, env: []string{"GOMAXPROCS=1"}}
}
