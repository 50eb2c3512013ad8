package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// node is one value as it was written, in the file or to replace what the file
// says. It knows its place, so that whoever reads it can report a problem.
type node struct {
	shape shape
	text  string // of a scalar
	items []node // of a list
	pairs []pair // of a mapping

	path string
	at   place // of its key, or of itself in a list
}

type pair struct {
	key   string
	value node
}

type shape int

const (
	empty  shape = iota // a key without a value, or null
	broken              // already reported; readers pass it by
	scalar
	list
	mapping
)

// tree builds the node of the whole file.
func (r *reader) tree(body ast.Node) node {
	n := r.node(body, "", place{line: 1, column: 1}, maxNesting)
	if n.shape == scalar || n.shape == list {
		r.failAt(r.place(start(body)), "", `want keys and values, such as "listen_addr: :8080"`)
		n.shape = broken
	}
	return n
}

// node builds the node of one value, which may nest depth levels below itself.
func (r *reader) node(value ast.Node, path string, at place, depth int) node {
	n := node{path: path, at: at}
	if depth == 0 {
		r.fail(n, "nested more than %d deep", maxNesting)
		n.shape = broken
		return n
	}
	switch v := value.(type) {
	case nil, *ast.NullNode:
	case *ast.MappingNode:
		n.shape = mapping
		n.pairs = r.pairs(v.Values, path, depth-1)
	case *ast.MappingValueNode:
		n.shape = mapping
		n.pairs = r.pairs([]*ast.MappingValueNode{v}, path, depth-1)
	case *ast.SequenceNode:
		n.shape = list
		for i, item := range v.Values {
			n.items = append(n.items, r.node(item, fmt.Sprintf("%s[%d]", path, i), r.place(start(item)), depth-1))
		}
	default:
		text, ok := scalarText(value)
		if !ok {
			r.fail(n, "is of a kind that is not supported")
			n.shape = broken
			return n
		}
		n.shape, n.text = scalar, text
	}
	return n
}

// pairs returns the pairs of a mapping. A key that was there before is reported
// and left out.
func (r *reader) pairs(values []*ast.MappingValueNode, path string, depth int) []pair {
	var pairs []pair
	first := map[string]place{}
	for _, v := range values {
		at := r.place(start(v.Key))
		key, ok := scalarText(v.Key)
		if !ok || key == "" {
			r.failAt(at, path, "a key must be a plain word")
			continue
		}
		value := r.node(v.Value, join(path, key), at, depth)
		if there, twice := first[key]; twice {
			r.fail(value, "is given twice, first at %d:%d", there.line, there.column)
			continue
		}
		first[key] = at
		pairs = append(pairs, pair{key, value})
	}
	return pairs
}

// scalarText is a scalar as it was written, without quotes. What it means is
// for the reader of its key to say.
func scalarText(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return strings.TrimSuffix(v.Value.Value, "\n"), true
	case *ast.NullNode:
		return v.Token.Value, v.Token.Type == token.NullType
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// start is the first token of n. The token that go-yaml gives for a mapping is
// the colon of its first pair.
func start(n ast.Node) *token.Token {
	switch v := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return start(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return start(v.Key)
	}
	return n.GetToken()
}

// join appends a key to a path. A key that does not look like one is quoted, so
// that a path is always readable and on one line.
func join(path, key string) string {
	if len(key) > 64 || strings.ContainsFunc(key, func(c rune) bool { return !isWord(c) }) {
		key = quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func isWord(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// plain shows text without quotes where they add nothing.
func plain(text string) string {
	if quoted := quote(text); quoted != `"`+text+`"` {
		return quoted
	}
	return text
}

// quote shows text in a message, not more of it than a line holds.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return strconv.Quote(text)
}
