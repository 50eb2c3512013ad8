package engine

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/ESousa97/goproxyreverso/pool"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// Errors of an exchange that are not the backend's.
var (
	errConnect        = errors.New("engine: CONNECT is not allowed")
	errNoRoute        = errors.New("engine: no route takes the request")
	errNoBackend      = errors.New("engine: no eligible backend")
	errBodyTooLarge   = errors.New("engine: body over limits.max_body_bytes")
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
	tlsAlert:               "tls_alert_received",
	tlsCertificate:         "tls_certificate_error",
	tlsError:               "tls_protocol_error",
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
	{http1.ErrHeadTooLarge, 431, requestError, "the request head is too large"},
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
	{errBodyTooLarge, 413, requestError, "the body is too large"},
	{errClientSlow, 408, requestError, "the request took too long to arrive"},
	{errConnect, 405, requestDenied, "no route allows CONNECT"},
	{errNoRoute, 404, destinationNotFound, "no route for this request"},
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

// respond answers an error. A client that left gets nothing: nobody is there.
func (x *exchange) respond(err error) {
	if errors.Is(err, errClientGone) {
		x.status, x.close = statusClientGone, true
		return
	}
	a := x.answerTo(err)
	x.status, x.reason, x.rejected = a.status, a.reason, true
	x.skipBody()
	var limited *limitedError
	errors.As(err, &limited)
	if !x.spent {
		x.json = prefersJSON(x.request.Fields)
	}
	x.scratch = appendAnswerBody(x.scratch[:0], a, x.json)
	x.out = x.appendAnswerHead(x.out[:0], a, limited)
	if string(x.request.Method) != "HEAD" {
		x.out = append(x.out, x.scratch...)
	}
	if x.conn.Send(http1.Now(), x.out) != nil {
		x.close = true
	}
}

// statusClientGone is what exchanges count as whose client left; nobody sees it.
const statusClientGone = 499

// skipBody passes over a request body that is here already, so that the
// connection can go on. A body still on its way ends it.
func (x *exchange) skipBody() {
	if content, ok := x.body.Whole(); ok {
		x.body.Skip(len(content))
	}
	if !x.body.Done() {
		x.close = true
		x.conn.lingers = true
	}
}

// appendAnswerHead appends the head of an answer of our own, whose body is in
// x.scratch.
func (x *exchange) appendAnswerHead(dst []byte, a answer, limited *limitedError) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(a.status), 10)
	dst = append(dst, ' ')
	dst = append(dst, http.StatusText(a.status)...)
	dst = append(dst, "\r\nDate: "...)
	dst = time.Now().UTC().AppendFormat(dst, http.TimeFormat)
	dst = append(dst, "\r\nContent-Type: "...)
	if x.json {
		dst = append(dst, "application/json\r\n"...)
	} else {
		dst = append(dst, "text/plain; charset=utf-8\r\n"...)
	}
	dst = appendLength(dst, int64(len(x.scratch)))
	dst = append(dst, "Proxy-Status: goproxyreverso; error="...)
	dst = append(dst, reasonNames[a.reason]...)
	dst = append(dst, "\r\n"...)
	if limited != nil {
		dst = limited.appendFields(dst)
	}
	dst = x.appendConnection(dst)
	return append(dst, "\r\n"...)
}

// appendAnswerBody appends one plain line, or the same in JSON.
func appendAnswerBody(dst []byte, a answer, json bool) []byte {
	if !json {
		dst = strconv.AppendInt(dst, int64(a.status), 10)
		dst = append(dst, ' ')
		dst = append(dst, http.StatusText(a.status)...)
		dst = append(dst, ": "...)
		dst = append(dst, a.text...)
		return append(dst, '\n')
	}
	dst = append(dst, `{"status":`...)
	dst = strconv.AppendInt(dst, int64(a.status), 10)
	dst = append(dst, `,"error":"`...)
	dst = append(dst, reasonNames[a.reason]...)
	dst = append(dst, `","message":"`...)
	dst = append(dst, a.text...)
	return append(dst, "\"}\n"...)
}

// prefersJSON reports whether a client names JSON in its Accept fields with at
// least the weight of any text (RFC 9110 section 12.5.1).
func prefersJSON(fields []http1.Field) bool {
	json, text := 0, 0
	for i := range fields {
		if fields[i].ID != http1.Accept {
			continue
		}
		for list := fields[i].Value; len(list) > 0; {
			var element []byte
			element, list = http1.NextElement(list)
			media, weight := weigh(element)
			switch {
			case http1.EqualFold(media, "application/json"):
				json = max(json, weight)
			case len(media) > 5 && http1.EqualFold(media[:5], "text/"):
				text = max(text, weight)
			}
		}
	}
	return json > 0 && json >= text
}

// weigh splits an element of Accept into its media range and its weight in
// thousandths, 1000 when it has none that can be read.
func weigh(element []byte) (media []byte, weight int) {
	media, params, _ := bytes.Cut(element, []byte(";"))
	media = trimSpace(media)
	i := bytes.Index(params, []byte("q="))
	if i < 0 {
		return media, 1000
	}
	q, _, _ := bytes.Cut(params[i+len("q="):], []byte(";"))
	f, err := strconv.ParseFloat(string(trimSpace(q)), 32)
	if err != nil || f < 0 || f > 1 {
		return media, 1000
	}
	return media, int(f * 1000)
}

func isDeadline(err error) bool {
	var timeout interface{ Timeout() bool }
	return !errors.Is(err, io.EOF) && errors.As(err, &timeout) && timeout.Timeout()
}
