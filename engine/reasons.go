package engine

import (
	"errors"
	"io"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// Errors of an exchange that are not the backend's.
var (
	errConnect        = errors.New("engine: CONNECT is not allowed")
	errNoRoute        = errors.New("engine: no route takes the request")
	errNoBackend      = errors.New("engine: no eligible backend")
	errLoop           = errors.New("engine: the request has been here before")
	errBodyTooLarge   = errors.New("engine: body over limits.max_body_bytes")
	errPlainHTTP      = errors.New("engine: plain HTTP where TLS is spoken")
	errClientSlow     = errors.New("engine: client too slow")
	errClientGone     = errors.New("engine: client gone")
	errUnaskedUpgrade = errors.New("engine: backend switched protocols unasked")
	errManyInterim    = errors.New("engine: too many interim responses")
	errPanic          = errors.New("engine: panic")
)

// incompleteError is what ended a response that had begun.
type incompleteError struct{ error }

func (e incompleteError) Unwrap() error { return e.error }

// reason is why a request failed, in the words of RFC 9209 section 2.3. The same
// word is in the Proxy-Status field and in the metrics.
type reason uint8

const (
	connectionLimitReached reason = iota
	connectionRefused
	connectionTerminated
	connectionTimeout
	connectionWriteTimeout
	destinationNotFound
	destinationUnavailable
	destinationUnroutable
	dnsError
	headerSectionSize
	protocolError
	requestDenied
	requestError
	responseIncomplete
	responseTimeout
	internalError
	loopDetected
	tlsAlert
	tlsCertificate
	tlsError
	reasons // their number
)

var reasonNames = [reasons]string{
	connectionLimitReached: "connection_limit_reached",
	connectionRefused:      "connection_refused",
	connectionTerminated:   "connection_terminated",
	connectionTimeout:      "connection_timeout",
	connectionWriteTimeout: "connection_write_timeout",
	destinationNotFound:    "destination_not_found",
	destinationUnavailable: "destination_unavailable",
	destinationUnroutable:  "destination_ip_unroutable",
	dnsError:               "dns_error",
	headerSectionSize:      "http_response_header_section_size",
	protocolError:          "http_protocol_error",
	requestDenied:          "http_request_denied",
	requestError:           "http_request_error",
	responseIncomplete:     "http_response_incomplete",
	responseTimeout:        "http_response_timeout",
	internalError:          "proxy_internal_error",
	loopDetected:           "proxy_loop_detected",
	tlsAlert:               "tls_alert_received",
	tlsCertificate:         "tls_certificate_error",
	tlsError:               "tls_protocol_error",
}

// side returns whose fault it is that a request was answered for that reason.
func (r reason) side() side {
	switch r {
	case requestError, requestDenied, destinationNotFound:
		return byClient
	case internalError, loopDetected, connectionLimitReached:
		return byProxy // the last by a limit of its own, max_conns
	}
	return byBackend
}

// answer is what a client is told about an error.
type answer struct {
	err    error // what it answers, by errors.Is
	status int
	reason reason
	text   string
}

// clientAnswers are the answers to what the client did.
var clientAnswers = []answer{
	{http1.ErrHeadTooLarge, 431, requestError, "the head or the trailers of the request are too large"},
	{http1.ErrTooManyFields, 431, requestError, "the request has too many fields"},
	{http1.ErrTargetTooLong, 414, requestError, "the request target is too long"},
	{http1.ErrExpect, 417, requestError, "only 100-continue can be expected"},
	{http1.ErrVersion, 505, requestError, "only HTTP/1.0 and HTTP/1.1 are supported"},
	{http1.ErrStartLine, 400, requestError, "the request line is malformed"},
	{http1.ErrTarget, 400, requestError, "the request target is malformed"},
	{http1.ErrField, 400, requestError, "a field line is malformed"},
	{http1.ErrHost, 400, requestError, "the Host field is missing or malformed"},
	{http1.ErrFraming, 400, requestError, "the length of the body is malformed or ambiguous"},
	{http1.ErrChunk, 400, requestError, "the chunked body is malformed"},
	{errPlainHTTP, 400, requestError, "plain HTTP was sent to a port that speaks TLS (use https)"},
	{errBodyTooLarge, 413, requestError, "the body is too large"},
	{errClientSlow, 408, requestError, "the request took too long to arrive"},
	{errConnect, 405, requestDenied, "no route allows CONNECT"},
	{errNoRoute, 404, destinationNotFound, "no route for this request"},
	{errLoop, 508, loopDetected, "the request has been here before, as its Via tells"},
}

// backendAnswers are the answers to what happened behind the proxy.
var backendAnswers = []answer{
	{errNoBackend, 503, destinationUnavailable, "no backend can take the request"},
	{pool.ErrConnLimit, 503, connectionLimitReached, "the backend has no connection left"},
	{pool.ErrRefused, 502, connectionRefused, "the backend refused the connection"},
	{pool.ErrTerminated, 502, connectionTerminated, "the backend closed the connection"},
	{pool.ErrConnectTimeout, 504, connectionTimeout, "the backend did not accept a connection in time"},
	{pool.ErrWriteTimeout, 504, connectionWriteTimeout, "the backend did not take the request in time"},
	{pool.ErrResponseTimeout, 504, responseTimeout, "the backend did not answer in time"},
	{pool.ErrTLSTimeout, 504, connectionTimeout, "the backend did not finish the TLS handshake in time"},
	{pool.ErrTLSCertificate, 502, tlsCertificate, "the backend's certificate is not accepted"},
	{pool.ErrTLSAlert, 502, tlsAlert, "the backend ended the TLS handshake"},
	{pool.ErrTLS, 502, tlsError, "the TLS handshake with the backend failed"},
	{pool.ErrDNS, 502, dnsError, "the backend's name could not be resolved"},
	{pool.ErrUnroutable, 502, destinationUnroutable, "the backend could not be reached"},
	{http1.ErrHeadTooLarge, 502, headerSectionSize, "the backend's response head is too large"},
	{http1.ErrTooManyFields, 502, headerSectionSize, "the backend's response has too many fields"},
	{errPanic, 500, internalError, "the proxy failed"},
}

// clientSide marks an error as the client's: it counts for no backend.
type clientSide struct{ error }

func (e clientSide) Unwrap() error { return e.error }

// clientError classifies what reading the client's request returned.
func clientError(err error) error {
	switch {
	case isSyntax(err):
		return clientSide{err}
	case isDeadline(err):
		return errClientSlow
	}
	return errClientGone
}

func isClientSide(err error) bool {
	var c clientSide
	return errors.As(err, &c) || errors.Is(err, errClientSlow) || errors.Is(err, errClientGone) ||
		errors.Is(err, errBodyTooLarge)
}

func isSyntax(err error) bool {
	for i := range clientAnswers {
		if errors.Is(err, clientAnswers[i].err) {
			return true
		}
	}
	return false
}

func isDeadline(err error) bool {
	var timeout interface{ Timeout() bool }
	return !errors.Is(err, io.EOF) && errors.As(err, &timeout) && timeout.Timeout()
}

// answerTo returns the answer to an error. After an attempt, syntax is the
// backend's, before it the client's.
func (x *exchange) answerTo(err error) answer {
	var limited *limitedError
	if errors.As(err, &limited) {
		return answer{err, 429, requestDenied, "too many requests from this address"}
	}
	if x.pool == nil || isClientSide(err) {
		for _, a := range clientAnswers {
			if errors.Is(err, a.err) {
				return a
			}
		}
	}
	return backendAnswer(err)
}

func backendAnswer(err error) answer {
	for _, a := range backendAnswers {
		if errors.Is(err, a.err) {
			return a
		}
	}
	return answer{err, 502, protocolError, "the backend's response is malformed"}
}

// reasonOf returns why an attempt failed.
func reasonOf(err error) reason {
	var incomplete incompleteError
	if errors.As(err, &incomplete) {
		return responseIncomplete
	}
	return backendAnswer(err).reason
}
