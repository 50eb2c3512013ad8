//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// goproxyreverso is the proxy of this repository, built from what is there.
var goproxyreverso = contender{
	name:    "goproxyreverso",
	find:    buildProxy,
	version: builtFrom,
	command: func(s site) (command, error) {
		path, err := s.write("proxy.yaml", proxyConfig)
		c := command{args: []string{s.Program, "run", "--config", path}}
		if s.Pinned {
			c.env = []string{"GOMAXPROCS=1"}
		}
		return c, err
	},
}

const proxyConfig = `listen_addr: "{{.Addr}}"
admin_addr: ""
metrics_path: /metrics
strategy: least_conn
health_check_interval: 5s
backends:
{{- range .Backends}}
  - http://{{.}}
{{- end}}
rate_limit:
  rps: 100000
  burst: 1000000
`

// buildProxy builds the proxy and returns the path of the program.
func buildProxy(ctx context.Context) (string, error) {
	if _, err := os.Stat("cmd/proxy"); err != nil {
		return "", fmt.Errorf("run the benchmark from the top of the repository: %w", err)
	}
	dir, err := os.MkdirTemp("", "bench-build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	goTool, err := installed("go", "see https://go.dev/doc/install")
	if err != nil {
		return "", err
	}
	err = execute(ctx, command{
		args:   []string{goTool, "build", "-o", "dist/proxy", "./cmd/proxy"},
		output: filepath.Join(dir, "go-build.log"),
	})
	if err != nil {
		return "", fmt.Errorf("build the proxy: %w", err)
	}
	return filepath.Abs("dist/proxy")
}
