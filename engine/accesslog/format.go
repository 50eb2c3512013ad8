package accesslog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// combined is the format of that name as a template: what Apache and nginx write
// by it.
const combined = `${client} - - [${time_clf}] "${request}" ${status} ${body_bytes_sent} "${referer}" "${user_agent}"`

// maxTemplate bounds a template, in bytes.
const maxTemplate = 4 << 10

// ErrFormat is returned for a format that is no name of one, and names no field.
var ErrFormat = errors.New(`accesslog: want json, combined or a template such as "${client} ${method} ${target} ${status}"`)

// UnknownFieldError is returned for a template with a field that does not exist.
type UnknownFieldError struct{ Name string }

func (e *UnknownFieldError) Error() string { return fmt.Sprintf("accesslog: unknown field %q", e.Name) }

// format renders a Record as a line.
type format struct {
	json  bool
	parts []part // of a template
}

// part is a field, behind some text.
type part struct {
	text  string
	field field // fields: none, the text is the end of the line
}

// CheckFormat reports what is wrong with a format.
func CheckFormat(text string) error {
	_, err := compile(text)
	return err
}

// compile reads a format.
func compile(text string) (format, error) {
	switch text {
	case "json":
		return format{json: true}, nil
	case "combined":
		text = combined
	}
	switch {
	case len(text) > maxTemplate:
		return format{}, fmt.Errorf("accesslog: the template has more than %d bytes", maxTemplate)
	case strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
		return format{}, errors.New("accesslog: the template has a control character or more than one line")
	case !strings.Contains(text, "${"):
		return format{}, ErrFormat
	}
	var f format
	for {
		before, rest, found := strings.Cut(text, "${")
		if !found {
			f.parts = append(f.parts, part{text + "\n", fields})
			return f, nil
		}
		name, after, ended := strings.Cut(rest, "}")
		if !ended {
			return format{}, fmt.Errorf("accesslog: ${%.20s has no closing brace", rest)
		}
		i := slices.Index(fieldNames[:], name)
		if i < 0 {
			return format{}, &UnknownFieldError{name}
		}
		f.parts = append(f.parts, part{before, field(i)})
		text = after
	}
}

// append appends the line of a record.
func (f *format) append(dst []byte, r *Record, c *clock) []byte {
	if f.json {
		return appendJSON(dst, r, c)
	}
	for i := range f.parts {
		p := &f.parts[i]
		dst = append(dst, p.text...)
		if p.field < fields {
			dst = p.field.appendText(dst, r, c)
		}
	}
	return dst
}

// longest returns the most bytes a line can have.
func (f *format) longest() (n int) {
	if f.json {
		for i := range fields {
			n += i.longest() + len(`,"":""`) + len(fieldNames[i])
		}
		return n
	}
	for _, p := range f.parts {
		n += len(p.text)
		if p.field < fields {
			n += p.field.longest()
		}
	}
	return n
}
