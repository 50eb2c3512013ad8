package accesslog

import "time"

// clock writes times. Most lines fall into the second of the one before, whose
// text it keeps.
type clock struct {
	second  int64
	rfc3339 []byte // up to the second
	clf     []byte
}

const (
	layoutRFC3339 = "2006-01-02T15:04:05"
	layoutCLF     = "02/Jan/2006:15:04:05 +0000"
)

func (c *clock) set(t time.Time) {
	if second := t.Unix(); second != c.second || len(c.clf) == 0 {
		t = t.UTC()
		c.second = second
		c.rfc3339 = t.AppendFormat(c.rfc3339[:0], layoutRFC3339)
		c.clf = t.AppendFormat(c.clf[:0], layoutCLF)
	}
}

// appendRFC3339 appends a time in UTC, to the millisecond.
func (c *clock) appendRFC3339(dst []byte, t time.Time) []byte {
	c.set(t)
	dst = append(dst, c.rfc3339...)
	dst = append(dst, '.')
	dst = appendDigits(dst, int64(t.Nanosecond()/1e6), 100)
	return append(dst, 'Z')
}

// appendCLF appends a time in UTC as the common log format has it.
func (c *clock) appendCLF(dst []byte, t time.Time) []byte {
	c.set(t)
	return append(dst, c.clf...)
}
