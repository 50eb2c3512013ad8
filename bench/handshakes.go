//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// handshakes is load over TLS with a new connection for each request, and a whole
// handshake on each. That is not for wrk, which resumes the session it had before.
func (r *rig) handshakes(ctx context.Context, e *entrant, duration time.Duration) (throughput, error) {
	strangers := make([]*stranger, e.variant.connections)
	start := time.Now()
	turn, cancel := context.WithDeadline(ctx, start.Add(duration))
	defer cancel()
	var clients sync.WaitGroup
	for i := range strangers {
		s := newStranger(e.variant, e.addr)
		strangers[i] = s
		clients.Go(func() { s.run(turn) })
	}
	clients.Wait()
	if ctx.Err() != nil {
		return throughput{}, context.Cause(ctx)
	}
	t, err := count(strangers, time.Since(start))
	r.note("%d handshakes in %s, %.0f per second, %d errors", t.requests, duration, t.perSecond, t.errors)
	return t, err
}

// stranger is a client who comes again and again, each time as one who was never
// there.
type stranger struct {
	variant variant
	addr    string
	config  *tls.Config
	request []byte
	want    []byte // the body
	answer  bytes.Buffer

	took   []time.Duration // of each request, from the connection to its end
	errors int
	void   error // why nothing of it counts
}

func newStranger(v variant, addr string) *stranger {
	want, _ := bodyOf(v.path) // That there is one was seen when the contender was started.
	return &stranger{
		variant: v, addr: addr, config: v.clientTLS(), want: want,
		request: fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", v.path, addr),
	}
}

// run asks until ctx is done or nothing counts any more.
func (s *stranger) run(ctx context.Context) {
	for ctx.Err() == nil && s.void == nil {
		start := time.Now()
		err := s.ask(start)
		var other disagreement
		switch {
		case err == nil:
			s.took = append(s.took, time.Since(start))
		case errors.As(err, &other):
			s.void = err
		default:
			s.errors++
		}
	}
}

// disagreement is an error that makes the whole measurement void: what was measured
// can be compared with nothing.
type disagreement struct{ error }

// ask makes one request, from the connection to its end.
func (s *stranger) ask(start time.Time) error {
	socket, err := net.DialTimeout("tcp4", s.addr, patience)
	if err != nil {
		return err
	}
	defer socket.Close()
	if err := socket.SetDeadline(start.Add(patience)); err != nil {
		return err
	}
	c := tls.Client(socket, s.config)
	if err := c.Handshake(); err != nil {
		return err
	}
	state := c.ConnectionState()
	if err := s.variant.agreed(&state); err != nil {
		return disagreement{err}
	}
	if _, err := c.Write(s.request); err != nil {
		return err
	}
	s.answer.Reset()
	if _, err := s.answer.ReadFrom(c); err != nil {
		return err
	}
	if !bytes.HasPrefix(s.answer.Bytes(), []byte("HTTP/1.1 200 ")) || !bytes.HasSuffix(s.answer.Bytes(), s.want) {
		return fmt.Errorf("a wrong answer: %q", s.answer.Bytes()[:min(s.answer.Len(), 200)])
	}
	return nil
}

// count adds up what strangers saw.
func count(strangers []*stranger, elapsed time.Duration) (throughput, error) {
	var t throughput
	var all []time.Duration
	for _, s := range strangers {
		if s.void != nil {
			return throughput{}, s.void
		}
		all = append(all, s.took...)
		t.errors += s.errors
	}
	if len(all) == 0 {
		return t, nil
	}
	slices.Sort(all)
	t.requests = len(all)
	t.perSecond = float64(len(all)) / elapsed.Seconds()
	t.p50, t.p99 = all[len(all)/2], all[len(all)*99/100]
	return t, nil
}
