package config

import (
	"fmt"
	"strings"
)

// maxFieldName bounds the name of a field that the proxy adds.
const maxFieldName = 64

// ownFields are fields that mean something to the proxy or to the connection, and
// those of traces, which have ids of their own.
var ownFields = map[string]bool{
	"accept": true, "connection": true, "content-length": true, "content-type": true, "cookie": true, "date": true, "expect": true,
	"forwarded": true, "host": true, "http2-settings": true, "keep-alive": true, "max-forwards": true,
	"proxy-authenticate": true, "proxy-authorization": true, "proxy-connection": true, "proxy-status": true,
	"te": true, "trailer": true, "transfer-encoding": true, "upgrade": true, "user-agent": true, "referer": true,
	"authorization": true, "set-cookie": true, "location": true,
	"x-forwarded-for": true, "x-forwarded-host": true, "x-forwarded-proto": true, "x-real-ip": true,
	"traceparent": true, "via": true, "tracestate": true,
}

// requestIDField reads the name of the field with the id of a request.
func requestIDField(text string) (string, error) {
	switch {
	case len(text) > maxFieldName, strings.ContainsFunc(text, func(c rune) bool { return !isWord(c) }):
		return "", fmt.Errorf("%s is not the name of a field (want up to %d letters, digits, - and _, such as X-Request-ID)", quote(text), maxFieldName)
	case ownFields[strings.ReplaceAll(strings.ToLower(text), "_", "-")]:
		return "", fmt.Errorf("%s means something else (want a name of its own, such as X-Request-ID)", text)
	}
	return text, nil
}
