//go:build linux

package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// httputilMain is the subcommand "httputil": the reverse proxy of Go's library,
// with the settings one would look up for it. It returns the exit code.
func httputilMain(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("httputil", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:0", "host:port to serve on")
	list := flags.String("backends", "", "host:port of each backend, by commas")
	keep := flags.Int("keep", 256, "unused connections to keep to each backend")
	cert := flags.String("cert", "", "file of its certificate; \"\" for no TLS")
	key := flags.String("key", "", "file of its key")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	server := http.Server{
		Addr:        *addr,
		Handler:     newHTTPUtil(strings.Split(*list, ","), *keep),
		IdleTimeout: 90 * time.Second,
	}
	serve := server.ListenAndServe
	if *cert != "" {
		serve = func() error { return server.ListenAndServeTLS(*cert, *key) }
	}
	fmt.Fprintln(stderr, "bench: httputil:", serve())
	return 1
}

// newHTTPUtil returns a proxy that takes the backends in turn.
func newHTTPUtil(addrs []string, keep int) *httputil.ReverseProxy {
	var targets []*url.URL
	for _, a := range addrs {
		targets = append(targets, &url.URL{Scheme: "http", Host: a})
	}
	var next atomic.Uint64
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(targets[next.Add(1)%uint64(len(targets))])
			r.Out.Host = r.In.Host
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			r.SetXForwarded()
		},
		Transport: &http.Transport{
			MaxIdleConnsPerHost: keep,
			IdleConnTimeout:     90 * time.Second,
			DisableCompression:  true,
		},
		BufferPool: &bufferPool{},
		ErrorLog:   log.New(io.Discard, "", 0),
	}
}

// bufferPool saves the proxy a new buffer for every answer.
type bufferPool struct{ free sync.Pool }

func (p *bufferPool) Get() []byte {
	if b, ok := p.free.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

func (p *bufferPool) Put(b []byte) { p.free.Put(&b) }
