package engine

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"

	"github.com/pires/go-proxyproto"
	"golang.org/x/sys/unix"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// A PROXY header is what a load balancer that passes bytes on sends first on a
// connection: who the client is. Version 1 is a line of text, version 2 says how
// long it is. The specification is doc/proxy-protocol.txt of HAProxy.
const (
	maxProxyLine   = 107               // of version 1, as the specification counts
	maxProxyHeader = http1.SmallBuffer // of version 2; addresses need some 50 bytes, the rest is for what we ignore
	proxyPrefix    = 16                // of version 2, up to its length
)

var (
	errProxyHeader         = errors.New("engine: malformed PROXY header")
	errProxyHeaderTooLarge = errors.New("engine: PROXY header too large")
)

// readProxyHeader reads the PROXY header of a trusted peer, and reports whether
// there was one. The client that it names counts as the peer from then on. Nothing
// behind the header is touched.
func (c *conn) readProxyHeader() bool {
	c.ReadWithin(c.restAt, c.engine.snapshot.Load().timeouts.ClientHeader)
	buf := http1.AcquireBuffer(maxProxyHeader)
	defer http1.ReleaseBuffer(buf)
	var size int
	var wrong error
	seen, err := c.peek(buf, func(b []byte) bool {
		size, wrong = proxyHeaderSize(b)
		return wrong != nil || size > 0 && len(b) >= size
	})
	var client netip.Addr
	if err = errors.Join(err, wrong); err == nil {
		client, err = parseProxyHeader(seen[:size])
	}
	if err == nil {
		err = c.skip(seen[:size])
	}
	if err != nil {
		c.proxyHeaderFailed(err)
		return false
	}
	if client.IsValid() {
		c.peer, c.peerText = client, client.AppendTo(nil)
	}
	c.restAt = http1.Now()
	return true
}

var proxyV1 = []byte("PROXY ")

// proxyHeaderSize returns how long the header is that b begins with, 0 as long as
// that cannot be told. It returns an error as soon as no header can come of b.
func proxyHeaderSize(b []byte) (int, error) {
	switch {
	case bytes.HasPrefix(proxyproto.SIGV2, b[:min(len(b), len(proxyproto.SIGV2))]):
		if len(b) < proxyPrefix {
			return 0, nil
		}
		size := proxyPrefix + int(binary.BigEndian.Uint16(b[proxyPrefix-2:]))
		if size > maxProxyHeader {
			return 0, errProxyHeaderTooLarge
		}
		return size, nil
	case bytes.HasPrefix(proxyV1, b[:min(len(b), len(proxyV1))]):
		if i := bytes.IndexByte(b[:min(len(b), maxProxyLine)], '\n'); i >= 0 {
			return i + 1, nil
		}
		if len(b) >= maxProxyLine {
			return 0, errProxyHeaderTooLarge
		}
		return 0, nil
	}
	return 0, errProxyHeader
}

// parseProxyHeader returns the client that a whole header names. It is no valid
// address when the header names none that has come by TCP: then the balancer speaks
// for itself, as in a health check, or does not know.
func parseProxyHeader(b []byte) (client netip.Addr, err error) {
	r := bufio.NewReaderSize(bytes.NewReader(b), len(b))
	h, err := proxyproto.Read(r)
	if err != nil || r.Buffered() > 0 {
		return netip.Addr{}, errProxyHeader
	}
	source, _, ok := h.TCPAddrs()
	if h.Command.IsLocal() || !ok {
		return netip.Addr{}, nil
	}
	client, ok = netip.AddrFromSlice(source.IP)
	if !ok {
		return netip.Addr{}, errProxyHeader
	}
	return client.Unmap(), nil
}

// skip takes the bytes that were peeked at from the socket.
func (c *conn) skip(b []byte) error {
	n := 0
	err := c.control.Control(func(fd uintptr) { n, _ = unix.Read(int(fd), b) })
	if err == nil && n != len(b) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// proxyHeaderFailed counts a connection that a trusted peer did not begin as it
// should. One that only connected did nothing wrong: that is how balancers check
// whether somebody listens.
func (c *conn) proxyHeaderFailed(err error) {
	if errors.Is(err, io.EOF) {
		return
	}
	why := proxyGone
	switch {
	case errors.Is(err, errProxyHeader):
		why = proxyMalformed
	case errors.Is(err, errProxyHeaderTooLarge):
		why = proxyTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		why = proxyTimeout
	}
	c.engine.opening.proxyErrors[why].Add(1)
	c.engine.log.Debug("no PROXY header", "peer", c.peer, "error", err)
}

// proxyReason is why there is no PROXY header, as the metrics call it.
type proxyReason uint8

const (
	proxyGone proxyReason = iota
	proxyMalformed
	proxyTimeout
	proxyTooLarge
	proxyReasons // their number
)

var proxyReasonNames = [proxyReasons]string{
	proxyGone:      "client_gone",
	proxyMalformed: "malformed",
	proxyTimeout:   "timeout",
	proxyTooLarge:  "too_large",
}
