//go:build linux

package main

import "context"

// nginxName is the contender that ratios refer to.
const nginxName = "nginx"

// nginx is what most people would use instead.
var nginx = contender{
	name:    nginxName,
	find:    findInstalled("nginx"),
	version: func(ctx context.Context, path string) string { return firstLine(ctx, path, "-v") },
	command: func(s site) (command, error) {
		path, err := s.write("nginx.conf", nginxConfig)
		return command{args: []string{s.Program, "-p", s.Dir, "-c", path, "-e", "stderr"}}, err
	},
}

// nginxConfig keeps connections for as many requests as the others do: by
// default nginx closes one after a thousand. Bodies are streamed, not written to
// disk first, as the others do it. A TLS client gets one session ticket, as from
// the others in Go, not OpenSSL's two.
const nginxConfig = `daemon off;
worker_processes 1;
pid {{.Dir}}/nginx.pid;
events {
    worker_connections {{.Files}};
}
http {
    access_log off;
    client_body_temp_path {{.Dir}}/body;
    proxy_temp_path {{.Dir}}/proxy;
    fastcgi_temp_path {{.Dir}}/fastcgi;
    uwsgi_temp_path {{.Dir}}/uwsgi;
    scgi_temp_path {{.Dir}}/scgi;
    client_max_body_size 0;
    keepalive_timeout 90s;
    limit_req_zone $binary_remote_addr zone=clients:16m rate=100000r/s;
    upstream backends {
        least_conn;
{{- range .Backends}}
        server {{.}};
{{- end}}
        keepalive {{.Files}};
        keepalive_requests 100000000;
    }
    server {
        listen {{.Addr}}{{if .CertFile}} ssl{{end}} backlog=4096;
{{- if .CertFile}}
        ssl_certificate {{.CertFile}};
        ssl_certificate_key {{.KeyFile}};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_conf_command NumTickets 1;
{{- end}}
        keepalive_requests 100000000;
        location / {
            limit_req zone=clients burst=1000000 nodelay;
            proxy_pass http://backends;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
}
`
