package http1

import "bytes"

// Response is a parsed response head. Like a Request it is parsed into again
// and again.
type Response struct {
	Status int
	Reason []byte // reason phrase, may be empty
	Minor  int
	Fields []Field

	Framing   Framing
	KeepAlive bool   // the backend will take another request on the connection
	Upgrade   []byte // of a 101: the protocol the connection changes to; of a 426: those it would change to
}

// Parse reads a whole response head of at most maxFields fields, as
// Reader.ResponseHead returned it. head tells that it answers a HEAD request, so
// that no body follows.
func (p *Response) Parse(b []byte, head bool, maxFields int) error {
	fields := p.Fields[:0]
	*p = Response{Fields: fields}
	line, block, ok := bytes.Cut(b, crlf)
	if !ok {
		return ErrStartLine
	}
	if err := p.parseLine(line); err != nil {
		return err
	}
	var err error
	if p.Fields, err = ParseFields(fields, block, maxFields); err != nil {
		return err
	}
	return p.interpret(head)
}

// parseLine reads version SP status [SP reason] (RFC 9112 section 4). The blank
// before an empty reason is often left out, and so it may be.
func (p *Response) parseLine(line []byte) error {
	const statusAt = len("HTTP/1.1 ")
	if len(line) < statusAt+3 || line[statusAt-1] != ' ' {
		return ErrStartLine
	}
	var err error
	if p.Minor, err = parseVersion(line[:statusAt-1]); err != nil {
		return err
	}
	for _, c := range line[statusAt : statusAt+3] {
		if !isDigit(c) {
			return ErrStartLine
		}
		p.Status = p.Status*10 + int(c-'0')
	}
	rest := line[statusAt+3:]
	if p.Status < 100 || len(rest) > 0 && rest[0] != ' ' || !all(rest, &valueChars) {
		return ErrStartLine
	}
	p.Reason = TrimBlanks(rest)
	return nil
}

// interpret draws from the fields what decides how the message is handled.
func (p *Response) interpret(head bool) error {
	framing := framer{minor: p.Minor, repeatable: true}
	var options connectionOptions
	for i := range p.Fields {
		f := &p.Fields[i]
		switch f.ID {
		case ContentLength, TransferEncoding:
			if err := framing.add(f); err != nil {
				return err
			}
		case Connection:
			options.add(f.Value)
		case Upgrade:
			p.Upgrade = f.Value
		}
	}
	switch p.Status {
	case 101:
		if !options.upgrades {
			p.Upgrade = nil
		}
	case 426: // which has to have the field (RFC 9110 section 15.5.22)
		if hasElement(p.Upgrade, "h2c") {
			p.Upgrade = nil
		}
	default:
		p.Upgrade = nil
	}
	var err error
	if p.Framing, err = framing.response(p.Status, head); err != nil {
		return err
	}
	p.KeepAlive = options.keepAlive(p.Minor) && p.Framing.Kind != UntilClose
	return nil
}
