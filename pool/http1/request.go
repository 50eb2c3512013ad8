package http1

import "bytes"

// Request is a parsed request head. Its slices belong to the head it was parsed
// from. The zero value is ready for Parse, and a Request is parsed into again
// and again so that Fields keeps its memory.
type Request struct {
	Method []byte
	Target []byte // as sent
	Path   []byte // of Target, up to "?"; "*" for OPTIONS *
	Query  []byte // of Target, from "?" on; empty when there is none
	Host   []byte // of an absolute target, else the Host field; empty only for HTTP/1.0
	Minor  int    // of the version: 0 or 1
	Fields []Field

	Framing        Framing
	KeepAlive      bool   // the client may send another request on the connection
	ExpectContinue bool   // the client waits for a 100 before it sends the body
	Trailers       bool   // the client can take trailer fields (TE: trailers); never with HTTP/1.0, which has none
	Upgrade        []byte // the protocols the client would change to, and has said so in Connection
}

// Limits bound a head, and the trailer section behind its body.
type Limits struct {
	Bytes  int // of each, with the empty line at the end
	Target int // bytes of the request target
	Fields int // field lines
}

// Parse reads a whole head, as Reader.RequestHead returned it.
func (q *Request) Parse(head []byte, limits Limits) error {
	fields := q.Fields[:0]
	*q = Request{Fields: fields}
	line, block, ok := bytes.Cut(head, crlf)
	if !ok {
		return ErrStartLine
	}
	if err := q.parseLine(line); err != nil {
		return err
	}
	if len(q.Target) > limits.Target {
		return ErrTargetTooLong
	}
	var err error
	if q.Fields, err = ParseFields(fields, block, limits.Fields); err != nil {
		return err
	}
	if err := q.parseTarget(); err != nil {
		return err
	}
	return q.interpret()
}

var crlf = []byte("\r\n")

// parseLine reads method SP target SP version (RFC 9112 section 3).
func (q *Request) parseLine(line []byte) error {
	i := bytes.IndexByte(line, ' ')
	if i < 1 || !all(line[:i], &tokenChars) {
		return ErrStartLine
	}
	q.Method = line[:i]
	j := bytes.LastIndexByte(line, ' ')
	if j <= i+1 {
		return ErrStartLine
	}
	q.Target = line[i+1 : j]
	if !all(q.Target, &targetChars) {
		return ErrTarget
	}
	var err error
	q.Minor, err = parseVersion(line[j+1:])
	return err
}

// parseVersion reads an HTTP version. A higher minor version of 1 is spoken to
// as 1.1 (RFC 9110 section 6.2).
func parseVersion(b []byte) (minor int, err error) {
	if len(b) != len("HTTP/1.1") || string(b[:5]) != "HTTP/" || !isDigit(b[5]) || b[6] != '.' || !isDigit(b[7]) {
		return 0, ErrStartLine
	}
	if b[5] != '1' {
		return 0, ErrVersion
	}
	return min(int(b[7]-'0'), 1), nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// interpret draws from the fields what decides how the message is handled.
func (q *Request) interpret() error {
	framing := framer{minor: q.Minor}
	var options connectionOptions
	hosts := 0
	for i := range q.Fields {
		f := &q.Fields[i]
		switch f.ID {
		case Other:
		case Host:
			if hosts++; hosts > 1 || !validHost(f.Value) {
				return ErrHost
			}
			if q.Host == nil {
				q.Host = f.Value
			}
		case ContentLength, TransferEncoding:
			if err := framing.add(f); err != nil {
				return err
			}
		case Connection:
			options.add(f.Value)
		case Expect:
			if q.Minor == 0 {
				continue // RFC 9110 section 10.1.1
			}
			if !EqualFold(f.Value, "100-continue") {
				return ErrExpect
			}
			q.ExpectContinue = true
		case TE:
			q.Trailers = q.Trailers || q.Minor == 1 && hasElement(f.Value, "trailers")
		case Upgrade:
			q.Upgrade = f.Value
		}
	}
	if q.Minor == 0 || !options.upgrades || len(q.Upgrade) == 0 || hasElement(q.Upgrade, "h2c") {
		q.Upgrade = nil
	}
	if hosts == 0 && q.Minor == 1 {
		return ErrHost
	}
	q.KeepAlive = options.keepAlive(q.Minor)
	var err error
	q.Framing, err = framing.request()
	if err == nil && !q.Framing.Empty() && string(q.Method) == "CONNECT" {
		return ErrFraming // what follows its head is the tunnel's (RFC 9110 section 9.3.6)
	}
	q.ExpectContinue = q.ExpectContinue && !q.Framing.Empty()
	return err
}
