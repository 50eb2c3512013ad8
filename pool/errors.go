package pool

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// Errors of an attempt. Each is the backend's fault, or that of the way to it;
// none of them is the client's.
var (
	// ErrRefused is returned when the backend refused the connection.
	ErrRefused = errors.New("pool: connection refused")
	// ErrUnroutable is returned when there is no way to the backend's address.
	ErrUnroutable = errors.New("pool: backend unreachable")
	// ErrDNS is returned when the backend's name cannot be resolved.
	ErrDNS = errors.New("pool: cannot resolve the backend's name")
	// ErrConnectTimeout is returned when no connection was made in time.
	ErrConnectTimeout = errors.New("pool: connecting took longer than timeouts.connect")
	// ErrTLSTimeout is returned when the TLS handshake was not over in time.
	ErrTLSTimeout = errors.New("pool: TLS handshake took longer than timeouts.tls_handshake")
	// ErrTLSCertificate is returned when the backend's certificate is not accepted.
	ErrTLSCertificate = errors.New("pool: backend's certificate not accepted")
	// ErrTLSAlert is returned when the backend ended the handshake with an alert.
	ErrTLSAlert = errors.New("pool: backend ended the TLS handshake")
	// ErrTLS is returned when the handshake failed for another reason.
	ErrTLS = errors.New("pool: TLS handshake failed")
	// ErrConnLimit is returned when the backend has max_conns connections in use.
	ErrConnLimit = errors.New("pool: max_conns connections in use")
	// ErrTerminated is returned when the connection broke or ended too early.
	ErrTerminated = errors.New("pool: connection terminated")
	// ErrWriteTimeout is returned when the backend took no bytes of the request.
	ErrWriteTimeout = errors.New("pool: backend took no bytes for longer than timeouts.response_header")
	// ErrResponseTimeout is returned when no whole response head came in time.
	ErrResponseTimeout = errors.New("pool: no response head within timeouts.response_header")
	// ErrBodyTimeout is returned when a response body stopped coming.
	ErrBodyTimeout = errors.New("pool: response body silent for longer than timeouts.response_body")
)

// dialError classifies what a dial returned.
func dialError(err error) error {
	var dns *net.DNSError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return ErrConnectTimeout
	case errors.As(err, &dns):
		return wrap(ErrDNS, err)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT): // the second: no such socket file
		return ErrRefused
	case errors.Is(err, syscall.ECONNRESET):
		return ErrTerminated
	}
	return wrap(ErrUnroutable, err)
}

// ioError classifies what a read or a write returned; timeout is what running
// out of time means there. Errors of syntax pass as they are.
func ioError(err, timeout error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return timeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrTerminated
	}
	var op *net.OpError
	var errno syscall.Errno
	if errors.As(err, &op) || errors.As(err, &errno) {
		return ErrTerminated
	}
	return err
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// wrap makes err one of the errors above.
func wrap(kind, err error) error { return fmt.Errorf("%w: %w", kind, err) }
