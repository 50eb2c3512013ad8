package config

import (
	"fmt"
	"strings"
)

// reader goes through one configuration and collects all that is wrong with it.
type reader struct {
	source Source
	names  []string // every key of the file, for suggestions
	lines  []string // of the file, as positions count them

	seen  map[string]node // what was given, by path
	found []finding
}

// fail reports a problem of n.
func (r *reader) fail(n node, format string, args ...any) {
	r.failAt(n.at, n.path, fmt.Sprintf(format, args...))
}

func (r *reader) failAt(at place, path, message string) {
	r.found = append(r.found, finding{at, path, message})
}

// readKeys reads the mapping n into t, by the table of what t may hold.
func readKeys[T any](r *reader, keys []key[T], t *T, n node) {
	readSection(r, keys, t, n, "")
}

// readSection reads the keys whose names begin with section, which is "" or
// ends with a dot.
func readSection[T any](r *reader, keys []key[T], t *T, n node, section string) {
	if n.shape == scalar || n.shape == list {
		r.fail(n, "want keys: %s", strings.Join(namesIn(keys, section), ", "))
		return
	}
	for _, p := range n.pairs {
		name := section + p.key
		r.seen[p.value.path] = p.value
		k, known := find(keys, name)
		switch {
		case strings.Contains(p.key, "."):
			r.fail(p.value, "unknown key (a dot does not open a section)")
		case known:
			k.read(r, t, p.value)
		case len(namesIn(keys, name+".")) > 0:
			readSection(r, keys, t, p.value, name+".")
		default:
			r.failUnknown(p, namesIn(keys, section))
		}
	}
}

// failUnknown reports a key that is not in the table, with the nearest one that
// is.
func (r *reader) failUnknown(p pair, names []string) {
	near := nearest(p.key, names)
	if near == "" {
		near = r.elsewhere(p.key)
	}
	r.fail(p.value, "unknown key%s", didYouMean(near))
}

// scalar returns the text of n, or reports that it is not a single value.
func (r *reader) scalar(n node) (string, bool) {
	switch n.shape {
	case scalar:
		return n.text, true
	case empty:
		r.fail(n, "has no value (write one, or remove the line)")
	case list, mapping:
		r.fail(n, "want a single value")
	}
	return "", false
}

// list returns the items of n, or reports that it has none to give. From outside
// the file a list is text with commas.
func (r *reader) list(n node) ([]node, bool) {
	switch {
	case n.shape == list || n.shape == empty:
		return n.items, true
	case n.shape == scalar && n.at.origin != inFile:
		return split(n), true
	case n.shape == scalar:
		r.fail(n, "want a list (write [%s])", plain(n.text))
	case n.shape == mapping:
		r.fail(n, "want a list")
	}
	return nil, false
}

// split returns the parts of a scalar that commas separate.
func split(n node) []node {
	var items []node
	for text := range strings.SplitSeq(n.text, ",") {
		if text = strings.TrimSpace(text); text != "" {
			items = append(items, node{shape: scalar, text: text, path: fmt.Sprintf("%s[%d]", n.path, len(items)), at: n.at})
		}
	}
	return items
}
