package config

import (
	"fmt"
	"strconv"
	"strings"
)

// readStatus reads codes and ranges of codes: one, several with commas between
// them, or a list.
func readStatus(r *reader, p *Pool, n node) {
	items := n.items
	if n.shape == scalar {
		items = split(n)
	}
	if n.shape == mapping || n.shape != broken && len(items) == 0 {
		r.fail(n, "want status codes, such as 200-299,404")
		return
	}
	var ranges []StatusRange
	for _, item := range items {
		text, ok := r.scalar(item)
		if !ok {
			continue
		}
		s, err := statusRange(text)
		if err != nil {
			r.fail(item, "%v", err)
			continue
		}
		ranges = append(ranges, s)
	}
	p.HealthCheck.Status = ranges
}

func statusRange(text string) (StatusRange, error) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	lo, err1 := strconv.Atoi(strings.TrimSpace(from))
	hi, err2 := strconv.Atoi(strings.TrimSpace(to))
	switch {
	case err1 != nil || err2 != nil:
		return StatusRange{}, fmt.Errorf("%s is not a status code or a range of them (want 200 or 200-299)", quote(text))
	case lo < 100 || hi > 599:
		return StatusRange{}, fmt.Errorf("status codes are from 100 to 599, not %s", quote(text))
	case lo > hi:
		return StatusRange{}, fmt.Errorf("the range %s ends before it begins", quote(text))
	}
	return StatusRange{lo, hi}, nil
}
