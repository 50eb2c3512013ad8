package engine

import (
	"strings"
	"testing"
)

// badAnswers are no answers to a GET: the client gets 502 instead. The backend
// stays connected, so that nobody may wait for more of them.
var badAnswers = []struct{ rfc, answer string }{
	{"9112 4 nothing like it", "hello\r\n\r\n"},
	{"9112 4 empty line before", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 blank before", " HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 no status", "HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 no status", "HTTP/1.1 \r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 no status", "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 digits", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 digits", "HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 digits", "HTTP/1.1 0x1 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9110 15 class", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9110 15 class", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 two blanks", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 tab", "HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 tab", "HTTP/1.1 200\tOK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 no blank", "HTTP/1.1 200OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 reason", "HTTP/1.1 200 O\x00K\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 reason", "HTTP/1.1 200 O\x7fK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 4 reason", "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 2.3 version", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 2.3 version", "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 2.3 version", "HTTP/1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 2.3 version", "HTTP/1.10 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 2.3 version", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9112 2.3 version", "ICY 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9113 6.5 SETTINGS", "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"},
	{"8446 6 alert", "\x15\x03\x03\x00\x02\x02\x28"},

	{"9112 2.2 bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
	{"9112 2.2 bare LF", "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n"},
	{"9112 2.2 bare LF", "HTTP/1.1 200 OK\r\nX: y\nContent-Length: 0\r\n\r\n"},
	{"9112 2.2 bare LF", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n"},
	{"9112 2.2 bare CR", "HTTP/1.1 200 OK\r\nX: y\rContent-Length: 0\r\n\r\n"},
	{"9112 2.2 bare CR", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\r\n\r\n"},
	{"9112 5.2 folded", "HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 0\r\n\r\n"},
	{"9112 5.2 folded", "HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 0\r\n\r\n"},
	{"9112 5.1 blank before colon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"},
	{"9112 5 no colon", "HTTP/1.1 200 OK\r\nX\r\nContent-Length: 0\r\n\r\n"},
	{"9112 5 no name", "HTTP/1.1 200 OK\r\n: y\r\nContent-Length: 0\r\n\r\n"},
	{"9110 5.1 name", "HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 0\r\n\r\n"},
	{"9110 5.1 name", "HTTP/1.1 200 OK\r\nX\x00: z\r\nContent-Length: 0\r\n\r\n"},
	{"9110 5.5 NUL", "HTTP/1.1 200 OK\r\nX: \x00\r\nContent-Length: 0\r\n\r\n"},
	{"9110 5.5 control", "HTTP/1.1 200 OK\r\nX: \x0b\r\nContent-Length: 0\r\n\r\n"},

	{"9112 6.3 both", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"9112 6.3 both", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
	{"9112 6.3 both without body", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"},
	{"9112 6.3 both without body", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"},
	{"9112 6.3 different", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
	{"9112 6.3 different", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\ncontent-length: 0\r\n\r\nhello"},
	{"9110 8.6 list", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello"},
	{"9110 8.6 list", "HTTP/1.1 200 OK\r\nContent-Length: 5,6\r\n\r\nhello"},
	{"9110 8.6 empty", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello"},
	{"9110 8.6 sign", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello"},
	{"9110 8.6 sign", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"},
	{"9110 8.6 base", "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello"},
	{"9110 8.6 blank inside", "HTTP/1.1 200 OK\r\nContent-Length: 0 5\r\n\r\nhello"},
	{"9110 8.6 overflow", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\nhello"},
	{"9112 6.1 coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello"},
	{"9112 6.1 coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello"},
	{"9112 6.1 coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
	{"9112 6.1 several", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
	{"9112 6.1 several", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
	{"9112 6.1 twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"9112 6.1 empty", "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\nhello"},
	{"9112 7 parameter", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"},
	{"9112 6.1 HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},

	{"9110 15.2.2 unasked", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"},
	{"9110 15.2.2 unasked", "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
	{"9110 15.2 without end", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 16) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9110 15.2 malformed", "HTTP/1.1 100 Continue\r\nX\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"9110 15.2 malformed behind", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX\r\n\r\n"},
	{"9110 15.2 with a body", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello\r\n\r\n"},
}

// Whatever a backend sends that is no clear answer ends with its connection, and
// the client learns that the backend is at fault.
func TestRawBadAnswer(t *testing.T) {
	p := startAnswers(t, limitsYAML)
	for _, c := range badAnswers {
		t.Run(c.rfc, func(t *testing.T) { p.refuses(t, c.answer, stays, 502, "http_protocol_error") })
	}
	fields := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
	for name, answer := range map[string]string{
		"9110 5.4 head":                fields + "A: " + strings.Repeat("x", limitHead+1-len(fields)-len("A: \r\n\r\n")) + "\r\n\r\n",
		"9110 5.4 head without end":    fields + "A: " + strings.Repeat("x", 2*limitHead),
		"9110 5.4 fields":              fields + strings.Repeat("A: b\r\n", limitFields) + "\r\n",
		"9110 5.4 fields behind a 103": "HTTP/1.1 100 Continue\r\n\r\n" + fields + strings.Repeat("A: b\r\n", limitFields) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) { p.refuses(t, answer, stays, 502, "http_response_header_section_size") })
	}
	for name, answer := range map[string]string{
		"9112 8 nothing":             "",
		"9112 8 half a line":         "HTTP/1.",
		"9112 8 half a head":         "HTTP/1.1 200 OK\r\nContent-Le",
		"9112 8 no empty line":       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
		"9112 8 nothing behind 1xx":  "HTTP/1.1 100 Continue\r\n\r\n",
		"9112 8 half a head and 1xx": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK",
		"4253 4.2 another protocol":  "SSH-2.0-Example_1.0\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			p.refuses(t, answer, closes, 502, "connection_terminated")
			p.refuses(t, answer, resets, 502, "connection_terminated")
		})
	}
}

// A protocol that was asked for is changed to only when the backend says so
// clearly.
func TestRawBadUpgrade(t *testing.T) {
	p := startAnswers(t, "")
	for _, answer := range []string{
		"HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\nUpgrade: x\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade:\r\n\r\n",
	} {
		c := p.ask(caseUpgrade, answer, 1, stays)
		c.wantReject(502, "http_protocol_error")
		p.inStep(t, c, false)
	}
}

// A backend that falls silent in the middle of its head is given up for the
// client, and its answer, should it come after all, for everybody.
func TestRawSilentAnswer(t *testing.T) {
	p := startAnswers(t, "timeouts: {response_header: 100ms, response_body: 100ms}")
	c := p.ask(caseGET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", 1, hangs)
	c.wantReject(504, "http_response_timeout")
	p.inStep(t, c, false)
	p.truncates(t, caseGET, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", hangs, `200 OK; Content-Length: 10 / "hello"`)
	p.truncates(t, caseGET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", hangs, `200 OK; Transfer-Encoding: chunked / "hello"`)
	p.truncates(t, caseGET, "HTTP/1.1 200 OK\r\n\r\nhello", hangs, `200 OK; Transfer-Encoding: chunked / "hello"`)
}
