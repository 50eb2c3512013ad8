package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/ESousa97/goproxyreverso/engine/config"
)

// demo are the built-in backends of "run --demo". They answer with what they
// received; below /demo/ they misbehave on request:
//
//	/demo/sleep/DURATION  answers after DURATION, at most a minute
//	/demo/status/CODE     answers with that status
//	/demo/bytes/N         answers with N bytes
//	/demo/stream/N        answers with N lines, ten a second
//	/demo/close           closes the connection without an answer
type demo struct {
	servers   []*fasthttp.Server
	listeners []net.Listener
	running   sync.WaitGroup
}

// startDemo starts a backend on each loopback address of c that is free.
func startDemo(c *config.Config, log *slog.Logger) (*demo, error) {
	d := &demo{}
	seen := make(map[string]bool)
	for _, p := range c.Pools {
		for _, b := range p.Backends {
			if seen[b.Addr] || b.TLS || !config.IsLoopback(b.Addr) {
				continue
			}
			seen[b.Addr] = true
			ln, err := net.Listen("tcp", b.Addr)
			if errors.Is(err, syscall.EADDRINUSE) {
				continue // somebody serves there already
			}
			if err != nil {
				d.close()
				return nil, fmt.Errorf("demo backend: %w", err)
			}
			d.serve(ln, b.Addr)
			log.Info("demo backend", "addr", b.Addr)
		}
	}
	return d, nil
}

func (d *demo) serve(ln net.Listener, addr string) {
	s := &fasthttp.Server{
		Handler:                       func(ctx *fasthttp.RequestCtx) { answerDemo(ctx, addr) },
		Name:                          "goproxyreverso-demo",
		StreamRequestBody:             true,
		DisablePreParseMultipartForm:  true,
		DisableHeaderNamesNormalizing: true,
		ReadTimeout:                   time.Minute,
		IdleTimeout:                   2 * time.Minute,
		CloseOnShutdown:               true,
		Logger:                        log{},
	}
	d.servers = append(d.servers, s)
	d.listeners = append(d.listeners, ln)
	d.running.Go(func() { _ = s.Serve(ln) })
}

// log drops what the demo server would log about single connections.
type log struct{}

func (log) Printf(string, ...any) {}

// closeTime is how long close waits for answers in progress, which may be asleep
// for a minute. Those that are left end with the process.
const closeTime = time.Second

// close stops all backends.
func (d *demo) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	for i, s := range d.servers {
		_ = d.listeners[i].Close() // Shutdown does nothing for a server that has not begun yet
		_ = s.ShutdownWithContext(ctx)
	}
	d.running.Wait()
}

func answerDemo(ctx *fasthttp.RequestCtx, addr string) {
	h := &ctx.Response.Header
	h.Set("X-Demo-Backend", addr)
	for _, name := range []string{"X-Real-IP", "X-Forwarded-For"} {
		if v := ctx.Request.Header.Peek(name); len(v) > 0 {
			h.SetBytesV(name, v)
		}
	}
	path := string(ctx.Path())
	rest, ok := strings.CutPrefix(path, "/demo/")
	if !ok {
		echo(ctx)
		return
	}
	what, arg, _ := strings.Cut(rest, "/")
	play, ok := plays[what]
	if !ok {
		explain(ctx, 404, "unknown: try /demo/sleep/1s /demo/status/503 /demo/bytes/1000000 /demo/stream/10 /demo/close")
		return
	}
	if err := play(ctx, arg); err != nil {
		explain(ctx, 400, err.Error())
	}
}

// explain answers with a line of text. It keeps the fields that are set already.
func explain(ctx *fasthttp.RequestCtx, status int, line string) {
	ctx.SetStatusCode(status)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(line + "\n")
}

var plays = map[string]func(ctx *fasthttp.RequestCtx, arg string) error{
	"sleep": func(ctx *fasthttp.RequestCtx, arg string) error {
		d, err := time.ParseDuration(arg)
		if err != nil || d < 0 || d > time.Minute {
			return errors.New("want a duration up to 1m, as in /demo/sleep/250ms")
		}
		time.Sleep(d)
		echo(ctx)
		return nil
	},
	"status": func(ctx *fasthttp.RequestCtx, arg string) error {
		code, err := strconv.Atoi(arg)
		if err != nil || code < 200 || code > 599 {
			return errors.New("want a status from 200 to 599, as in /demo/status/503")
		}
		ctx.SetStatusCode(code)
		ctx.SetBodyString(fasthttp.StatusMessage(code) + "\n")
		return nil
	},
	"bytes": func(ctx *fasthttp.RequestCtx, arg string) error {
		n, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || n < 0 || n > 1<<40 {
			return errors.New("want a number of bytes, as in /demo/bytes/1000000")
		}
		ctx.SetContentType("application/octet-stream")
		ctx.SetBodyStream(io.LimitReader(letters{}, n), int(n))
		return nil
	},
	"stream": func(ctx *fasthttp.RequestCtx, arg string) error {
		n, err := strconv.Atoi(arg)
		if err != nil || n < 0 || n > 1000 {
			return errors.New("want up to 1000 lines, as in /demo/stream/10")
		}
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.SetBodyStream(&ticker{lines: n}, -1)
		return nil
	},
	"close": func(ctx *fasthttp.RequestCtx, _ string) error {
		ctx.HijackSetNoResponse(true)
		ctx.Hijack(func(c net.Conn) { _ = c.Close() })
		return nil
	},
}

// echo answers with what was received, in JSON.
func echo(ctx *fasthttp.RequestCtx) {
	received := struct {
		Method    string              `json:"method"`
		Path      string              `json:"path"`
		Query     string              `json:"query,omitempty"`
		Headers   map[string][]string `json:"headers"`
		BodyBytes int64               `json:"body_bytes"`
	}{
		Method:  string(ctx.Method()),
		Query:   string(ctx.URI().QueryString()),
		Headers: make(map[string][]string),
	}
	received.Path, _, _ = strings.Cut(string(ctx.RequestURI()), "?")
	for k, v := range ctx.Request.Header.All() {
		received.Headers[string(k)] = append(received.Headers[string(k)], string(v))
	}
	if body := ctx.RequestBodyStream(); body != nil {
		received.BodyBytes, _ = io.Copy(io.Discard, body)
	}
	b, err := json.MarshalIndent(received, "", "  ")
	if err != nil {
		explain(ctx, 500, err.Error())
		return
	}
	ctx.SetContentType("application/json")
	ctx.SetBody(append(b, '\n'))
}

// letters is a source of bytes without end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a' + byte(i%26)
	}
	return len(p), nil
}

// ticker is a source of lines, ten a second.
type ticker struct{ lines, n int }

func (t *ticker) Read(p []byte) (int, error) {
	if t.n == t.lines {
		return 0, io.EOF
	}
	if t.n > 0 {
		time.Sleep(100 * time.Millisecond)
	}
	t.n++
	return copy(p, "line "+strconv.Itoa(t.n)+"\n"), nil
}
