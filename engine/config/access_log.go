package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ESousa97/goproxyreverso/engine/accesslog"
)

// logFormat reads the format of the access log.
func logFormat(text string) (string, error) {
	err := accesslog.CheckFormat(text)
	var unknown *accesslog.UnknownFieldError
	switch {
	case err == nil:
		return text, nil
	case errors.As(err, &unknown):
		near := nearest(unknown.Name, accesslog.Fields())
		if near == "" {
			return "", fmt.Errorf("unknown field %s (want one of %s)", quote(unknown.Name), strings.Join(accesslog.Fields(), ", "))
		}
		return "", fmt.Errorf("unknown field %s%s", quote(unknown.Name), didYouMean(near))
	case errors.Is(err, accesslog.ErrFormat):
		near := didYouMean(nearest(text, []string{"json", "combined"}))
		return "", fmt.Errorf(`unknown format %s (want json, combined or a template such as "${client} ${method} ${target} ${status}")%s`, quote(text), near)
	}
	return "", errors.New(strings.TrimPrefix(err.Error(), "accesslog: "))
}

// readOnly reads what is logged in any case.
func readOnly(r *reader, d *draft, n node) {
	items, ok := r.list(n)
	if !ok {
		return
	}
	d.AccessLog.Only = accesslog.Choice{}
	for _, item := range items {
		text, ok := r.scalar(item)
		if !ok {
			continue
		}
		if text == "errors" {
			d.AccessLog.Only.Errors = true
			continue
		}
		slow, err := wait(text)
		switch {
		case err != nil && nearest(text, []string{"errors"}) != "":
			r.fail(item, "want errors or a duration such as 500ms, not %s (did you mean errors?)", quote(text))
		case err != nil:
			r.fail(item, "want errors or a duration: %v", err)
		case d.AccessLog.Only.SlowerThan > 0:
			r.fail(item, "a second duration (the shortest is enough)")
		default:
			d.AccessLog.Only.SlowerThan = slow
		}
	}
}

// settleSample makes access_log.only mean what its name says, unless somebody asks
// for a share of the rest too.
func (r *reader) settleSample(d *draft) {
	_, given := r.seen["access_log.sample"]
	if !given && d.AccessLog.Only != (accesslog.Choice{}) {
		d.AccessLog.Sample = 0
	}
}
