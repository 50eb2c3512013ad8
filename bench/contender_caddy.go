//go:build linux

package main

import "context"

// caddy is the proxy in Go that most people use.
var caddy = contender{
	name:    "caddy",
	find:    findInstalled("caddy"),
	version: func(ctx context.Context, path string) string { return firstLine(ctx, path, "version") },
	command: func(s site) (command, error) {
		path, err := s.write("caddy.json", caddyConfig)
		return command{
			args: []string{s.Program, "run", "--config", path},
			// Where it would keep its state: nothing of it is to stay behind.
			env: append(s.goEnv(), "HOME="+s.Dir, "XDG_DATA_HOME="+s.Dir, "XDG_CONFIG_HOME="+s.Dir),
		}, err
	},
}

// caddyConfig has no limit for clients, which caddy does not come with. Its
// forwarded headers are there by default.
const caddyConfig = `{
  "admin": {"disabled": true, "config": {"persist": false}},
  "logging": {"logs": {"default": {"level": "WARN"}}},
  "apps": {"http": {"servers": {"clients": {
    "listen": ["{{.Addr}}"],
    "protocols": ["h1"],
    "idle_timeout": "90s",
    "automatic_https": {"disable": true},
{{- if .CertFile}}
    "tls_connection_policies": [{}],
{{- end}}
    "routes": [{"handle": [{
      "handler": "reverse_proxy",
      "load_balancing": {"selection_policy": {"policy": "least_conn"}},
      "health_checks": {"active": {"uri": "/", "interval": "5s"}},
      "transport": {
        "protocol": "http",
        "compression": false,
        "keep_alive": {"idle_timeout": "90s", "max_idle_conns_per_host": {{.Connections}}}
      },
      "upstreams": [
{{- range $i, $addr := .Backends}}{{if $i}},{{end}}
        {"dial": "{{$addr}}"}
{{- end}}
      ]
    }]}]
  }}}
{{- if .CertFile}},
  "tls": {"certificates": {"load_files": [{"certificate": "{{.CertFile}}", "key": "{{.KeyFile}}"}]}}
{{- end}}
  }
}
`
