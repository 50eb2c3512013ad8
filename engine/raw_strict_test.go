package engine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// errStrict is returned for a message that is not strictly what RFC 9112 says a
// sender sends.
var errStrict = errors.New("not strictly HTTP/1.1")

// strictMessage is a message as a strict reader reads it. The reader shares no
// code with the proxy, and knows none of the tolerance a recipient may have.
type strictMessage struct {
	start    []string // the start line in its three parts
	fields   [][2]string
	body     string
	trailers [][2]string
	framing  string // how the end of the body was found: "", length, chunked, close
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

var (
	requestLine = regexp.MustCompile(`^(` + token + `) ([^\x00-\x20\x7f#]+) (HTTP/1\.1)$`)
	statusLine  = regexp.MustCompile(`^(HTTP/1\.1) ([1-9][0-9][0-9]) ([^\x00-\x08\x0a-\x1f\x7f]*)$`)
	fieldLine   = regexp.MustCompile(`^(` + token + `): ([^\x00-\x08\x0a-\x1f\x7f]*)$`)
	chunkLine   = regexp.MustCompile(`^[0-9A-Fa-f]{1,15}$`)
	lengthValue = regexp.MustCompile(`^[0-9]{1,19}$`)
)

// readStrictRequest reads one request. A message that breaks off is
// io.ErrUnexpectedEOF, or io.EOF when it has not even begun.
func readStrictRequest(r *bufio.Reader) (*strictMessage, error) {
	m := &strictMessage{}
	if err := m.readHead(r, requestLine); err != nil {
		return nil, err
	}
	if len(m.values("host")) != 1 {
		return nil, fmt.Errorf("%w: hosts %q", errStrict, m.values("host"))
	}
	return m, m.readBody(r, "")
}

// readStrictResponse reads one response to a request with that method. When its
// body breaks off it returns what has come with the error.
func readStrictResponse(r *bufio.Reader, method string) (*strictMessage, error) {
	m := &strictMessage{}
	if err := m.readHead(r, statusLine); err != nil {
		return nil, err
	}
	status := m.start[1]
	if method == "HEAD" || status[0] == '1' || status == "204" || status == "304" {
		lengths := m.values("content-length")
		if len(m.values("transfer-encoding")) > 0 || len(lengths) > 1 || status[0] == '1' && len(lengths) > 0 {
			return nil, fmt.Errorf("%w: framing of no body", errStrict)
		}
		if len(lengths) == 1 {
			_, err := strictLength(lengths[0])
			return m, err
		}
		return m, nil
	}
	return m, m.readBody(r, "close")
}

func (m *strictMessage) readHead(r *bufio.Reader, start *regexp.Regexp) error {
	line, err := strictLine(r)
	if err != nil {
		return err
	}
	if m.start = start.FindStringSubmatch(line); m.start == nil {
		return fmt.Errorf("%w: start line %q", errStrict, line)
	}
	m.start = m.start[1:]
	m.fields, err = strictFields(r)
	return unexpected(err)
}

func (m *strictMessage) readBody(r *bufio.Reader, otherwise string) error {
	codings, lengths := m.values("transfer-encoding"), m.values("content-length")
	switch {
	case len(codings)+len(lengths) > 1:
		return fmt.Errorf("%w: framings %q %q", errStrict, codings, lengths)
	case len(codings) == 1:
		if codings[0] != "chunked" {
			return fmt.Errorf("%w: coding %q", errStrict, codings[0])
		}
		m.framing = "chunked"
		return unexpected(m.readChunks(r))
	case len(lengths) == 1:
		n, err := strictLength(lengths[0])
		if err != nil {
			return err
		}
		m.framing = "length"
		return m.readBytes(r, n)
	case otherwise == "close":
		m.framing = otherwise
		b, err := io.ReadAll(r)
		m.body = string(b)
		return err
	}
	return nil
}

func strictLength(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || !lengthValue.MatchString(value) {
		return 0, fmt.Errorf("%w: length %q", errStrict, value)
	}
	return n, nil
}

func (m *strictMessage) readChunks(r *bufio.Reader) error {
	for {
		line, err := strictLine(r)
		if err != nil {
			return err
		}
		if !chunkLine.MatchString(line) {
			return fmt.Errorf("%w: chunk line %q", errStrict, line)
		}
		size, _ := strconv.ParseInt(line, 16, 64)
		if size == 0 {
			m.trailers, err = strictFields(r)
			return err
		}
		if err := m.readBytes(r, size); err != nil {
			return err
		}
		if line, err = strictLine(r); err != nil || line != "" {
			return errors.Join(err, fmt.Errorf("%w: %q behind a chunk", errStrict, line))
		}
	}
}

func (m *strictMessage) readBytes(r *bufio.Reader, n int64) error {
	var b strings.Builder
	_, err := io.CopyN(&b, r, n)
	m.body += b.String()
	return unexpected(err)
}

func strictFields(r *bufio.Reader) (fields [][2]string, err error) {
	for {
		line, err := strictLine(r)
		if err != nil || line == "" {
			return fields, err
		}
		f := fieldLine.FindStringSubmatch(line)
		if f == nil || strings.Trim(f[2], " \t") != f[2] {
			return nil, fmt.Errorf("%w: field line %q", errStrict, line)
		}
		fields = append(fields, [2]string{f[1], f[2]})
	}
}

func strictLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		if line != "" {
			err = unexpected(err)
		}
		return "", err
	}
	line, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		return "", fmt.Errorf("%w: line end of %q", errStrict, line)
	}
	return line, nil
}

// values returns the values of all fields of a lower-case name.
func (m *strictMessage) values(name string) (values []string) {
	for _, f := range m.fields {
		if strings.ToLower(f[0]) == name {
			values = append(values, f[1])
		}
	}
	return values
}

// String tells a request in one line: method, target, host and body.
func (m *strictMessage) String() string {
	return fmt.Sprintf("%s %s %s %q", m.start[0], m.start[1], m.values("host")[0], m.body)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
