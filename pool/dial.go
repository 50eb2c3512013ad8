package pool

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
)

// unixPrefix begins the address of a backend that listens on a Unix socket.
const unixPrefix = "unix:"

// dial opens a connection to the backend, with TLS unless secure is nil. socket
// is the connection itself, nc what messages are sent over.
func (b *Backend) dial(ctx context.Context, secure *tls.Config) (nc, socket net.Conn, err error) {
	network, addr := "tcp", b.Addr
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		network, addr = "unix", path
	}
	limits := b.limits.Load()
	dialer := net.Dialer{Timeout: limits.Connect}
	socket, err = dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, nil, dialError(err)
	}
	if secure == nil {
		return socket, socket, nil
	}
	secured := tls.Client(socket, secure)
	ctx, cancel := context.WithTimeout(ctx, limits.TLSHandshake)
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = socket.Close()
		return nil, nil, tlsError(err)
	}
	return secured, socket, nil
}

// host returns the Host of a probe.
func (b *Backend) host() string {
	if strings.HasPrefix(b.Addr, unixPrefix) {
		return "localhost"
	}
	return b.Addr
}

// tlsError classifies what a handshake returned.
func tlsError(err error) error {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return ErrTLSTimeout
	case errors.As(err, &certificate):
		return wrap(ErrTLSCertificate, err)
	case isAlert(err):
		return wrap(ErrTLSAlert, err)
	}
	return wrap(ErrTLS, err)
}

// isAlert reports whether err is an alert that the backend sent. It has no type
// of its own, but for QUIC.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}
