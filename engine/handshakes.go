package engine

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
)

// openings are what is counted of connections before their first request.
type openings struct {
	handshakes      [len(tlsVersions)][len(resumptions)]atomic.Uint64
	handshakeErrors [handshakeFailures]atomic.Uint64
	proxyErrors     [proxyReasons]atomic.Uint64
}

var (
	tlsVersions = [...]string{"1.2", "1.3"}
	resumptions = [...]string{"false", "true"}
)

func versionIndex(version uint16) int {
	if version == tls.VersionTLS13 {
		return 1
	}
	return 0
}

func resumedIndex(resumed bool) int {
	if resumed {
		return 1
	}
	return 0
}

// handshakeReason is why a handshake failed, as the metrics call it.
type handshakeReason uint8

const (
	handshakeAlert       handshakeReason = iota // the client did not accept something, such as our certificate
	handshakeCertificate                        // that of the client is not accepted
	handshakeGone
	notTLS
	handshakeProtocol // nothing in common, a certificate missing, or nonsense
	handshakeTimeout
	handshakeFailures // their number
)

var handshakeReasons = [handshakeFailures]string{
	handshakeAlert:       "alert_received",
	handshakeCertificate: "client_certificate",
	handshakeGone:        "client_gone",
	notTLS:               "not_tls",
	handshakeProtocol:    "protocol_error",
	handshakeTimeout:     "timeout",
}

// handshakeFailure classifies what a handshake returned.
func handshakeFailure(err error) handshakeReason {
	var header tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return handshakeTimeout
	case errors.As(err, &header):
		return notTLS
	case errors.As(err, &certificate):
		return handshakeCertificate
	case errors.As(err, &op) && op.Op == "remote error": // an alert has no type of its own
		return handshakeAlert
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), op != nil:
		return handshakeGone
	}
	return handshakeProtocol
}
