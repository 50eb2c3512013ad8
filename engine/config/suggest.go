package config

import (
	"fmt"
	"strings"
)

// nearest returns the name that text is most likely a slip of, "" when none is
// near enough to be worth a guess.
func nearest(text string, names []string) string {
	if len(text) > 64 {
		return ""
	}
	best, least := "", max(1, len(text)/3)+1
	for _, name := range names {
		if d := distance(strings.ToLower(text), name); d < least {
			best, least = name, d
		}
	}
	return best
}

// elsewhere returns the full name of a key that was put in the wrong section, or
// joined to its section by the wrong character.
func (r *reader) elsewhere(key string) string {
	for _, name := range r.names {
		if name == key {
			continue // right where it is known, and this is not there
		}
		if strings.HasSuffix(name, "."+key) || strings.ReplaceAll(name, ".", "_") == key {
			return name
		}
	}
	return ""
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", name)
}

// distance counts the letters to add, drop, replace or swap with their
// neighbour to get from a to b (optimal string alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+differ(a[i], b[j]))
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

func differ(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
