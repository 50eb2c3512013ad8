package config

import "github.com/goccy/go-yaml/token"

// What hostile input can cost. go-yaml's parser calls itself for each level of
// nesting, and its time grows with the square of the keys and of the documents;
// a configuration of thousands of backends stays far below these bounds.
const (
	maxNesting = 16
	maxKeys    = 20000
	maxTokens  = 200000
	maxMarks   = 2 // --- above the one document and ... below it
)

// bounds is what the tokens up to one of them amount to.
type bounds struct {
	open   []token.Type // brackets
	inline int          // what may nest without brackets, since the line or the item began
	keys   int
	marks  int // of documents: --- and ...
	line   int
}

func (b *bounds) add(t *token.Token) {
	if len(b.open) == 0 && t.Position.Line != b.line {
		b.inline, b.line = 0, t.Position.Line
	}
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		b.open = append(b.open, t.Type)
	case token.SequenceEndType, token.MappingEndType:
		b.open, b.inline = b.open[:max(0, len(b.open)-1)], 0
	case token.CollectEntryType:
		b.inline = 0
		if len(b.open) > 0 && !b.inList() {
			b.keys++ // {a, b} has keys without a colon
		}
	case token.SequenceEntryType:
		b.inline++
	case token.DocumentHeaderType, token.DocumentEndType:
		b.marks++
	case token.MappingValueType:
		b.inline++
		b.keys++
	}
}

// inList reports whether the innermost bracket is that of a list.
func (b *bounds) inList() bool {
	return len(b.open) > 0 && b.open[len(b.open)-1] == token.SequenceStartType
}
