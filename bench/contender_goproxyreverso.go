//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// ownName is the contender that all this is about.
const ownName = "goproxyreverso"

// goproxyreverso is the proxy of this repository, built from what is there.
var goproxyreverso = contender{
	name: ownName,
	find: func(ctx context.Context, k *kit) (string, error) {
		return buildProxy(ctx, ".", filepath.Join(k.dir, "proxy"))
	},
	version: func(ctx context.Context, path string) string {
		return builtFrom(ctx, path) + ", " + filesState(ctx)
	},
	command: func(s site) (command, error) {
		path, err := s.write("proxy.yaml", proxyConfig)
		return command{args: []string{s.Program, "run", "--config", path}, env: s.goEnv()}, err
	},
}

const proxyConfig = `listen_addr: "{{.Addr}}"
admin_addr: ""
metrics_path: /metrics
{{- if .CertFile}}
tls: {cert_file: "{{.CertFile}}", key_file: "{{.KeyFile}}"}
{{- end}}
strategy: least_conn
health_check_interval: 5s
backends:
{{- range .Backends}}
  - url: http://{{.}}
    max_conns: {{$.Connections}}
{{- end}}
rate_limit:
  rps: 100000
  burst: 1000000
`

// buildProxy builds the proxy of a source tree to the file at path and returns
// path.
func buildProxy(ctx context.Context, tree, path string) (string, error) {
	if _, err := os.Stat(filepath.Join(tree, "cmd/proxy")); err != nil {
		return "", fmt.Errorf("run the benchmark from the top of the repository: %w", err)
	}
	goTool, err := installed("go", "see https://go.dev/doc/install")
	if err != nil {
		return "", err
	}
	err = execute(ctx, command{
		args:   []string{goTool, "build", "-C", tree, "-trimpath", "-buildvcs=false", "-o", path, "./cmd/proxy"},
		output: path + ".log",
	})
	if err != nil {
		return "", fmt.Errorf("build the proxy: %w", err)
	}
	return path, nil
}
