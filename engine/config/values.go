package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	shortest = time.Millisecond
	longest  = 24 * time.Hour

	minHead = 1 << 10
	maxHead = 1 << 20
	maxBody = 1 << 40
)

// wait reads how long something may take. None can be switched off: a wait
// without an end is how a proxy stops.
func wait(text string) (time.Duration, error) {
	d, err := duration(text)
	if err == nil && (d < shortest || d > longest) {
		err = fmt.Errorf("must be between 1ms and 24h, not %s", short(text))
	}
	return d, err
}

// interval reads the time between two probes, where 0 means none.
func interval(text string) (time.Duration, error) {
	d, err := duration(text)
	if err == nil && d != 0 && (d < shortest || d > longest) {
		err = fmt.Errorf("must be 0 or between 1ms and 24h, not %s", short(text))
	}
	return d, err
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil {
		return d, nil
	}
	if _, err := decimal(text); err == nil {
		return 0, fmt.Errorf("%s has no unit (write %ss for seconds)", short(text), short(text))
	}
	return 0, fmt.Errorf("%s is not a duration (want one such as 5s, 250ms or 1m30s)", quote(text))
}

// whole makes a reader of whole numbers, both bounds included.
func whole(lo, hi int) func(string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if errors.Is(err, strconv.ErrRange) {
			return 0, fmt.Errorf("must be between %d and %d, not %s", lo, hi, short(text))
		}
		if err != nil {
			return 0, fmt.Errorf("%s is not a whole number (want %d to %d)", quote(text), lo, hi)
		}
		if n < lo || n > hi {
			return 0, fmt.Errorf("must be between %d and %d, not %d", lo, hi, n)
		}
		return n, nil
	}
}

func weight(text string) (int, error) {
	n, err := whole(1, 1000)(text)
	if err != nil && text == "0" {
		err = fmt.Errorf("%w (remove the backend, or make it a backup)", err)
	}
	return n, err
}

// rate reads requests per second. Below one in a quarter of an hour it is a slip.
func rate(text string) (float64, error) {
	f, err := decimal(text)
	if err == nil && f != 0 && !(f >= 0.001 && f <= 100000) {
		err = fmt.Errorf("must be 0 or between 0.001 and 100000, not %s", short(text))
	}
	return f, err
}

func share(text string) (float64, error) {
	f, err := decimal(text)
	if err == nil && !(f >= 0 && f <= 1) {
		err = fmt.Errorf("must be between 0 and 1, not %s", short(text))
	}
	return f, err
}

func decimal(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	odd := strings.Trim(text, "0123456789.eE+-") != ""
	if odd || err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is not a number (want one such as 10 or 0.5)", quote(text))
	}
	return f + 0, nil // -0 becomes 0
}

func yesNo(text string) (bool, error) {
	if text != "true" && text != "false" {
		return false, fmt.Errorf("want true or false, not %s", quote(text))
	}
	return text == "true", nil
}

func headSize(text string) (int, error) {
	n, err := size(text)
	if err == nil && (n < minHead || n > maxHead) {
		err = fmt.Errorf("must be between 1KiB and 1MiB, not %s", short(text))
	}
	return int(n), err
}

func bodySize(text string) (int64, error) {
	n, err := size(text)
	if err == nil && n > maxBody {
		err = fmt.Errorf("must be 0 (no limit) or at most 1024GiB, not %s", short(text))
	}
	return n, err
}

var units = map[string]int64{
	"": 1, "B": 1,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
	"KB": 1e3, "MB": 1e6, "GB": 1e9,
}

// size reads bytes. What does not fit an int64 is as good as its largest value.
func size(text string) (int64, error) {
	digits := strings.TrimRight(text, "BKMGi ")
	unit, known := units[strings.TrimSpace(text[len(digits):])]
	n, err := strconv.ParseUint(digits, 10, 63)
	if !known || err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is not a size (want bytes or a number with B, KB, MB, GB, KiB, MiB or GiB)", quote(text))
	}
	if err != nil || int64(n) > math.MaxInt64/unit {
		return math.MaxInt64, nil
	}
	return int64(n) * unit, nil
}

// pseudonym reads what a Via field calls the proxy (RFC 9110 section 7.6.3). Of a
// token, what looks like a name is enough.
func pseudonym(text string) (string, error) {
	if len(text) > 64 || strings.ContainsFunc(text, func(c rune) bool { return !isWord(c) && c != '.' }) {
		return "", fmt.Errorf(`%s is not a name for Via (want letters, digits, ".", "-" and "_", at most 64, such as edge1)`, quote(text))
	}
	return text, nil
}

func orEmpty(parse func(string) (string, error)) func(string) (string, error) {
	return func(text string) (string, error) {
		if text == "" {
			return "", nil
		}
		return parse(text)
	}
}

func readStrategy(r *reader, p *Pool, n node) {
	text, ok := r.scalar(n)
	if !ok {
		return
	}
	if !slices.Contains(r.source.Strategies, text) {
		r.fail(n, "unknown strategy %s (want %s)", quote(text), strings.Join(r.source.Strategies, ", "))
		return
	}
	p.Strategy = text
}

// short is a number in a message, however many digits it was given.
func short(text string) string {
	if len(text) > 40 {
		return text[:40] + "..."
	}
	return text
}
