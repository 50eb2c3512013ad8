package accesslog

import "strconv"

// appendJSON appends a record as an object on one line. Strings that are empty
// are left out.
func appendJSON(dst []byte, r *Record, c *clock) []byte {
	dst = append(dst, `{"time":"`...)
	dst = c.appendRFC3339(dst, r.Time)
	dst = append(dst, `","client":"`...)
	dst = appendAddr(dst, r.Client)
	dst = append(dst, `","peer":"`...)
	dst = appendAddr(dst, r.Peer)
	dst = append(dst, '"')
	dst = appendMember(dst, `,"method":"`, r.Method)
	dst = appendMember(dst, `,"target":"`, r.Target)
	dst = appendMember(dst, `,"protocol":"`, r.Protocol)
	dst = appendMember(dst, `,"host":"`, r.Host)
	dst = appendMember(dst, `,"route":"`, r.Route)
	dst = appendMember(dst, `,"pool":"`, r.Pool)
	dst = appendMember(dst, `,"backend":"`, r.Backend)
	dst = append(dst, `,"attempts":`...)
	dst = strconv.AppendInt(dst, int64(r.Attempts), 10)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(r.Status), 10)
	dst = appendMember(dst, `,"reason":"`, r.Reason)
	dst = appendMember(dst, `,"failed":"`, r.Failed)
	dst = append(dst, `,"bytes_received":`...)
	dst = strconv.AppendInt(dst, r.Received, 10)
	dst = append(dst, `,"bytes_sent":`...)
	dst = strconv.AppendInt(dst, r.Sent, 10)
	dst = append(dst, `,"body_bytes_sent":`...)
	dst = strconv.AppendInt(dst, r.sentBody(), 10)
	dst = append(dst, `,"time_connect":`...)
	dst = appendSeconds(dst, r.Connect)
	dst = append(dst, `,"time_first_byte":`...)
	dst = appendSeconds(dst, r.FirstByte)
	dst = append(dst, `,"time_total":`...)
	dst = appendSeconds(dst, r.Total)
	dst = appendMember(dst, `,"request_id":"`, r.RequestID)
	dst = appendMember(dst, `,"tls_version":"`, r.TLS)
	dst = appendMember(dst, `,"referer":"`, r.Referer)
	dst = appendMember(dst, `,"user_agent":"`, r.UserAgent)
	return append(dst, "}\n"...)
}

// appendMember appends a member whose value is a string, with what stands before
// that.
func appendMember[T string | []byte](dst []byte, before string, s T) []byte {
	if len(s) == 0 {
		return dst
	}
	dst = append(dst, before...)
	dst = appendValue(dst, s, true)
	return append(dst, '"')
}
