package engine

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dateLine is the Date field of one second.
type dateLine struct {
	second int64
	text   []byte
}

// lastDate is the one that was needed last: to write one costs more than to route a
// request.
var lastDate atomic.Pointer[dateLine]

// appendDate appends the Date field of a message that begins here, or came without
// one (RFC 9110 section 6.6.1).
func appendDate(dst []byte) []byte {
	now := time.Now()
	d := lastDate.Load()
	if d == nil || d.second != now.Unix() {
		d = &dateLine{now.Unix(), now.UTC().AppendFormat([]byte("Date: "), http.TimeFormat+"\r\n")}
		lastDate.Store(d)
	}
	return append(dst, d.text...)
}
