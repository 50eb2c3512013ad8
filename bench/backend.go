//go:build linux

package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"
)

// maxBytes is the longest body a backend answers with.
const maxBytes = 16 << 20

// zeros is what bodies of a wanted length are cut from. It costs no memory before
// it is asked for.
var zeros [maxBytes]byte

// hello is the answer to "/": 100 bytes.
var hello = []byte("The backend of the benchmark says hello, in one hundred bytes that mean nothing beyond their count.\n")

// backendMain is the subcommand "backend": servers that answer from memory
// until they are ended. It returns the exit code.
func backendMain(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("backend", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:0", "host:port of the first")
	count := flags.Int("count", 1, "how many; the others have the addresses that follow, and the same port")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := serveBackends(*addr, *count); err != nil {
		fmt.Fprintln(stderr, "bench: backend:", err)
		return 1
	}
	return 0
}

func serveBackends(addr string, count int) error {
	server := fasthttp.Server{
		Handler:           answer,
		Name:              "backend",
		ReadBufferSize:    16 << 10, // Beyond the largest head, for bodies.
		StreamRequestBody: true,
	}
	ended := make(chan error, count)
	for i := range count {
		ln, err := net.Listen("tcp4", following(addr, i))
		if err != nil {
			return err
		}
		go func() { ended <- server.Serve(ln) }()
	}
	return <-ended
}

// backendCommand starts backends at so many addresses from addr on. They have
// one CPU's worth of Go whatever the machine has, so that a load generator finds
// as much left on every machine.
func backendCommand(self, addr string, count int) command {
	return command{
		args: []string{self, "backend", "-addr", addr, "-count", strconv.Itoa(count)},
		env:  []string{"GOMAXPROCS=1"},
	}
}

func answer(ctx *fasthttp.RequestCtx) {
	path := string(ctx.Path())
	if path == "/discard" {
		discard(ctx)
		return
	}
	body, ok := bodyOf(path)
	if !ok {
		ctx.SetStatusCode(fasthttp.StatusNotFound)
		return
	}
	ctx.SetContentType("application/octet-stream")
	ctx.Response.SetBodyRaw(body)
}

// discard reads the request's body and answers with its length.
func discard(ctx *fasthttp.RequestCtx) {
	n := int64(len(ctx.Request.Body()))
	if stream := ctx.RequestBodyStream(); stream != nil {
		var err error
		if n, err = io.Copy(io.Discard, stream); err != nil {
			ctx.SetStatusCode(fasthttp.StatusBadRequest)
			return
		}
	}
	ctx.Response.SetBodyString(strconv.FormatInt(n, 10))
}

// bodyOf returns what a backend answers to path, and reports whether there is
// such a path: "/", and "/bytes/N" for N bytes. The caller must not change the
// body.
func bodyOf(path string) ([]byte, bool) {
	if path == "/" {
		return hello, true
	}
	digits, ok := strings.CutPrefix(path, "/bytes/")
	if !ok {
		return nil, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n > maxBytes {
		return nil, false
	}
	return zeros[:n], true
}
