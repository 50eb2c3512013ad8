package engine

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// respond answers an error. A client that left gets nothing: nobody is there.
func (x *exchange) respond(err error) {
	if errors.Is(err, errClientGone) {
		x.status = statusClientGone
		x.breakOff(byClient)
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
	x.sentHead += int64(len(x.out))
	if string(x.request.Method) != "HEAD" {
		x.out = append(x.out, x.scratch...)
	}
	if x.conn.Send(http1.Now(), x.out) != nil {
		x.breakOff(byClient)
	}
}

// statusClientGone is what exchanges count as whose client left before it was sent
// a status; nobody sees it. Those that were sent one count as that, and brokenBy
// tells the rest.
const statusClientGone = 499

// skipBody passes over a request body that is here already, so that the
// connection can go on. A body still on its way ends it.
func (x *exchange) skipBody() {
	if content, ok := x.body.Whole(); ok {
		x.received += int64(len(content))
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
	dst = appendDate(append(dst, "\r\n"...))
	if x.json {
		dst = append(dst, "Content-Type: application/json\r\n"...)
	} else {
		dst = append(dst, "Content-Type: text/plain; charset=utf-8\r\n"...)
	}
	dst = appendLength(dst, int64(len(x.scratch)))
	dst = append(dst, "Proxy-Status: goproxyreverso; error="...)
	dst = append(dst, reasonNames[a.reason]...)
	dst = append(dst, "\r\n"...)
	if a.status == http.StatusMethodNotAllowed {
		dst = append(dst, allowLine...)
	}
	dst = x.appendRequestID(dst)
	if limited != nil {
		dst = limited.appendFields(dst)
	}
	dst = append(dst, x.hsts()...)
	dst = x.appendConnection(dst)
	return append(dst, "\r\n"...)
}

// allowLine is the Allow field of what the proxy answers itself (RFC 9110 section
// 10.2.1): it forwards every method but CONNECT. Those it has no name for are
// forwarded too, and cannot be listed.
const allowLine = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n"

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
	media = http1.TrimBlanks(media)
	i := bytes.Index(params, []byte("q="))
	if i < 0 {
		return media, 1000
	}
	q, _, _ := bytes.Cut(params[i+len("q="):], []byte(";"))
	f, err := strconv.ParseFloat(string(http1.TrimBlanks(q)), 32)
	if err != nil || f < 0 || f > 1 {
		return media, 1000
	}
	return media, int(f * 1000)
}
