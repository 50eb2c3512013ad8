//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	// idleClients is how many connections are being opened at the same time.
	idleClients = 32

	// perSource is how many connections come from one address: far fewer than it
	// has ports, so that those of an earlier turn do not matter.
	perSource = 1000
)

// idleConns are connections that made their request.
type idleConns []net.Conn

// openIdle opens the variant's connections to addr and makes one request on each.
// Its result is to be closed even with an error.
func openIdle(ctx context.Context, addr string, v variant) (idleConns, error) {
	all := make(idleConns, v.connections)
	failed := make([]error, idleClients)
	var clients sync.WaitGroup
	for k := range idleClients {
		clients.Go(func() {
			reader := bufio.NewReader(nil)
			for i := k; i < len(all) && failed[k] == nil; i += idleClients {
				all[i], failed[k] = openOne(ctx, addr, source(i), v, reader)
			}
		})
	}
	clients.Wait()
	return all, errors.Join(failed...)
}

// source is the address that connection i comes from.
func source(i int) net.IP { return net.IPv4(127, 0, 8, byte(1+i/perSource%250)) }

// openOne makes a connection's request. The reader is only lent to it: behind a
// complete answer nothing follows.
func openOne(ctx context.Context, addr string, from net.IP, v variant, reader *bufio.Reader) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: patience}
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", v.path, addr); err != nil {
		return c, err
	}
	reader.Reset(c)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		return c, fmt.Errorf("read an answer: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return c, fmt.Errorf("read an answer: %w", err)
	}
	return c, v.check(answer, body)
}

// lost counts the connections that the other side has closed.
func (s idleConns) lost() int {
	n := 0
	for _, c := range s {
		if closed(c) {
			n++
		}
	}
	return n
}

// closed looks at a connection without waiting. On one that is only silent the
// kernel has nothing to say.
func closed(c net.Conn) bool {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return true
	}
	var peek error
	err = raw.Control(func(fd uintptr) {
		_, _, peek = unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	})
	return err != nil || !errors.Is(peek, unix.EAGAIN)
}

func (s idleConns) close() {
	for _, c := range s {
		if c != nil {
			_ = c.Close() // Nothing was to be sent any more.
		}
	}
}
