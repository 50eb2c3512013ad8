package http1

import "errors"

// Errors of syntax. They say what is wrong with a message, never what the
// message said: they may be logged as they are.
var (
	// ErrHeadTooLarge is returned when a head, or a trailer section, does not end
	// within the limit.
	ErrHeadTooLarge = errors.New("http1: head too large")
	// ErrTooManyFields is returned when a head, or a trailer section, has more fields
	// than Limits allow.
	ErrTooManyFields = errors.New("http1: too many fields")
	// ErrStartLine is returned for a malformed request or status line.
	ErrStartLine = errors.New("http1: malformed start line")
	// ErrTarget is returned for a request target that RFC 9112 section 3.2 does not allow.
	ErrTarget = errors.New("http1: malformed request target")
	// ErrTargetTooLong is returned when the target is longer than Limits allow.
	ErrTargetTooLong = errors.New("http1: request target too long")
	// ErrExpect is returned for an expectation other than 100-continue (RFC 9110 section 10.1.1).
	ErrExpect = errors.New("http1: unknown expectation")
	// ErrVersion is returned for a version other than HTTP/1.x.
	ErrVersion = errors.New("http1: unsupported version")
	// ErrField is returned for a malformed field line (RFC 9112 section 5).
	ErrField = errors.New("http1: malformed field line")
	// ErrHost is returned for a missing, repeated or malformed Host field.
	ErrHost = errors.New("http1: missing or malformed host")
	// ErrFraming is returned when it is unclear where a body ends (RFC 9112 section 6.3).
	ErrFraming = errors.New("http1: ambiguous or malformed body framing")
	// ErrChunk is returned for a malformed chunked body (RFC 9112 section 7.1).
	ErrChunk = errors.New("http1: malformed chunked body")
)
