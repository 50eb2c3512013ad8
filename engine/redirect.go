package engine

import (
	"strconv"

	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// redirect answers with the same host and path by https, to which the client is to
// send the same request (RFC 9110 section 15.4.9). What it asks for can only be
// said when it names a host, and a tunnel is asked for at no path.
func (x *exchange) redirect() error {
	q := &x.request
	switch {
	case string(q.Method) == "CONNECT":
		return errConnect
	case len(q.Host) == 0:
		return http1.ErrHost
	}
	x.status = 308
	x.skipBody()
	x.out = appendDate(append(x.out[:0], "HTTP/1.1 308 Permanent Redirect\r\n"...))
	x.out = append(x.out, "Location: https://"...)
	x.out = appendHost(x.out, q.Host)
	if port := x.listener.config.RedirectHTTPS; port != 443 {
		x.out = append(x.out, ':')
		x.out = strconv.AppendInt(x.out, int64(port), 10)
	}
	if len(q.Path) == 0 || q.Path[0] != '/' {
		x.out = append(x.out, '/') // OPTIONS *, and a target that is an authority and a query
	} else {
		x.out = append(x.out, q.Path...)
	}
	x.out = append(x.out, q.Query...)
	x.out = append(x.out, "\r\n"...)
	x.out = appendLength(x.out, 0)
	x.out = x.appendConnection(x.out)
	x.out = append(x.out, "\r\n"...)
	if flush(&x.out, (*toClient)(x)) != nil {
		x.breakOff(byClient)
	}
	return nil
}
