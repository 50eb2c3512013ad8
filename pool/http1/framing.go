package http1

import "math"

// Framing says how long a body is (RFC 9112 section 6).
type Framing struct {
	Kind   FramingKind
	Length int64 // of a body of known length
}

// FramingKind is one of the ways to find the end of a body.
type FramingKind uint8

// The ways to find the end of a body.
const (
	NoBody     FramingKind = iota // there is none
	Length                        // Framing.Length bytes
	Chunked                       // chunks, the last one empty
	UntilClose                    // all that comes until the peer ends
)

// Empty reports whether no body byte can come.
func (f Framing) Empty() bool {
	return f.Kind == NoBody || f.Kind == Length && f.Length == 0
}

// framer collects what the fields of a head say about its body.
type framer struct {
	minor      int
	repeatable bool // the same Content-Length may come twice, as some backends send it

	length  int64
	lengths int // Content-Length fields seen
	codings int // Transfer-Encoding fields seen
}

// add reads one Content-Length or Transfer-Encoding field. The only coding that
// is understood is one "chunked", and never in HTTP/1.0. RFC 9112 section 6.1 would
// have any other coding of a request answered with 501. Here it is an error like
// the rest: where such a body ends is unclear, no client that means well sends one,
// and those that do try whether a backend reads the framing in another way.
func (f *framer) add(field *Field) error {
	if field.ID == TransferEncoding {
		f.codings++
		if f.codings > 1 || f.minor == 0 || !EqualFold(field.Value, "chunked") {
			return ErrFraming
		}
		return nil
	}
	n, ok := parseLength(field.Value)
	if !ok {
		return ErrFraming
	}
	if f.lengths > 0 && (!f.repeatable || n != f.length) {
		return ErrFraming
	}
	f.lengths++
	f.length = n
	return nil
}

// parseLength reads 1*DIGIT and nothing else, at most what fits.
func parseLength(b []byte) (n int64, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		d := int64(c - '0')
		if n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// request returns the framing of a request, which has no body unless it says so.
func (f *framer) request() (Framing, error) {
	switch {
	case f.codings > 0 && f.lengths > 0:
		return Framing{}, ErrFraming
	case f.codings > 0:
		return Framing{Kind: Chunked}, nil
	case f.lengths > 0:
		return Framing{Kind: Length, Length: f.length}, nil
	}
	return Framing{}, nil
}

// response returns the framing of a response of that status to that method.
func (f *framer) response(status int, head bool) (Framing, error) {
	switch {
	case f.codings > 0 && f.lengths > 0:
		return Framing{}, ErrFraming
	case head, status < 200, status == 204, status == 304:
		return Framing{}, nil
	case f.codings > 0:
		return Framing{Kind: Chunked}, nil
	case f.lengths > 0:
		return Framing{Kind: Length, Length: f.length}, nil
	}
	return Framing{Kind: UntilClose}, nil
}
