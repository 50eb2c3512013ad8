//go:build linux

package main

import (
	"context"
	"runtime"
	"strconv"
	"strings"
)

// goHTTPUtil is what a few lines of Go give; see httputil_server.go.
var goHTTPUtil = contender{
	name: "httputil",
	find: findSelf,
	version: func(context.Context, string) string {
		return "net/http/httputil of " + runtime.Version() + "; part of the rig"
	},
	command: func(s site) (command, error) {
		return command{
			args: []string{s.Program, "httputil", "-addr", s.Addr,
				"-backends", strings.Join(s.Backends, ","), "-keep", strconv.Itoa(s.Connections),
				"-cert", s.CertFile, "-key", s.KeyFile},
			env: s.goEnv(),
		}, nil
	},
}
