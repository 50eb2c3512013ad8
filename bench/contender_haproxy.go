//go:build linux

package main

import "context"

// haproxy is the peer that does nothing but this.
var haproxy = contender{
	name:    "haproxy",
	find:    findInstalled("haproxy"),
	version: func(ctx context.Context, path string) string { return firstLine(ctx, path, "-v") },
	command: func(s site) (command, error) {
		path, err := s.write("haproxy.cfg", haproxyConfig)
		return command{args: []string{s.Program, "-db", "-f", path}}, err
	},
}

// haproxyConfig leaves the choice of a cipher to the client, as the others do.
const haproxyConfig = `global
    nbthread 1
    maxconn {{.Connections}}
defaults
    mode http
    timeout connect 2s
    timeout client 90s
    timeout server 30s
    timeout http-keep-alive 90s
    http-reuse always
frontend clients
    bind {{.Addr}} backlog 4096{{if .CertFile}} ssl crt {{.CertFile}} prefer-client-ciphers{{end}}
    stick-table type ip size 100k expire 1m store http_req_rate(1s)
    http-request track-sc0 src
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1000000 }
    option forwardfor
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Proto http{{if .CertFile}}s{{end}}
    default_backend backends
backend backends
    balance leastconn
    option httpchk GET /
    default-server check inter 5s
{{- range $i, $addr := .Backends}}
    server backend{{$i}} {{$addr}}
{{- end}}
`
