//go:build linux

package main

import (
	"flag"
	"fmt"
	"io"
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

// backendMain is the subcommand "backend": a server that answers from memory
// until it is ended. It returns the exit code.
func backendMain(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("backend", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:0", "host:port to serve on")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	server := fasthttp.Server{Handler: answer, Name: "backend"}
	if err := server.ListenAndServe(*addr); err != nil {
		fmt.Fprintln(stderr, "bench: backend:", err)
		return 1
	}
	return 0
}

func answer(ctx *fasthttp.RequestCtx) {
	body, ok := bodyOf(string(ctx.Path()))
	if !ok {
		ctx.SetStatusCode(fasthttp.StatusNotFound)
		return
	}
	ctx.SetContentType("application/octet-stream")
	ctx.Response.SetBodyRaw(body)
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
