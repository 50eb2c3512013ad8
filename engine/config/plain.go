package config

import (
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/token"
)

// joinPlain puts together what go-yaml's scanner takes apart: in a list inside
// of braces it ends a word at any colon, and {backends: [http://a:9001]} would
// be a mapping from http://a to 9001. YAML wants a space after a colon that ends
// a key (YAML 1.2.2, 7.4.2).
func joinPlain(tokens token.Tokens) token.Tokens {
	var joined token.Tokens
	var b bounds
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		b.add(t)
		if t.Type != token.MappingValueType || !b.inList() || i+1 == len(tokens) || !touches(t, tokens[i+1]) {
			joined.Add(t)
			continue
		}
		i++
		text, origin, at := t.Value+tokens[i].Value, t.Origin+tokens[i].Origin, t.Position
		if n := len(joined) - 1; n >= 0 && isPlain(joined[n]) && joined[n].Origin == strings.TrimRightFunc(joined[n].Origin, unicode.IsSpace) {
			text, origin, at = joined[n].Value+text, joined[n].Origin+origin, joined[n].Position
			joined = joined[:n]
		}
		joined.Add(token.New(text, origin, at))
	}
	return joined
}

// touches reports whether the word next begins right after the colon.
func touches(colon, next *token.Token) bool {
	return isPlain(next) && colon.Position.Line == next.Position.Line && colon.Position.Column+1 == next.Position.Column
}

// isPlain reports whether t is a scalar without quotes.
func isPlain(t *token.Token) bool {
	return t.Type >= token.NullType && t.Type <= token.BoolType
}
