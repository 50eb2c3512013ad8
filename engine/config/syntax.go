package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// refused are the parts of YAML that a configuration has no use for. To refuse
// them before parsing is what makes alias bombs and cycles impossible.
var refused = map[token.Type]string{
	token.AliasType:      `aliases are not supported (quote a value that begins with "*")`,
	token.AnchorType:     `anchors are not supported (quote a value that begins with "&")`,
	token.MergeKeyType:   `merge keys are not supported`,
	token.TagType:        `tags are not supported (quote a value that begins with "!")`,
	token.DirectiveType:  `directives are not supported (quote a value that begins with "%")`,
	token.MappingKeyType: `"?" keys are not supported`,
}

// parse turns the file into a tree. The second result is false when the file
// is not YAML that a configuration can be written in.
func (r *reader) parse() (node, bool) {
	if len(r.source.Data) > MaxBytes {
		r.failFile("the file is larger than 4 MiB")
		return node{}, false
	}
	data := bytes.TrimPrefix(r.source.Data, []byte("\xef\xbb\xbf"))
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	r.lines = strings.Split(text, "\n")

	if r.checkBytes(); len(r.found) > 0 {
		return node{}, false
	}
	body := r.parseYAML(text)
	if len(r.found) > 0 {
		return node{}, false
	}
	root := r.tree(body)
	return root, root.shape != broken
}

// checkBytes reports the first byte of each line that is not text.
func (r *reader) checkBytes() {
	for i, line := range r.lines {
		for column, char := range []rune(line) {
			message := ""
			switch {
			case char == utf8.RuneError && !utf8.ValidString(line):
				message = "the file is not UTF-8 text"
			case char < ' ' && char != '\t' || char == 0x7f:
				message = fmt.Sprintf("control character %U is not allowed", char)
			default:
				continue
			}
			r.failAt(place{line: i + 1, column: column + 1}, "", message)
			break
		}
	}
}

// parseYAML returns the body of the only document, nil when it is empty. A
// panic of the parser is a problem of the file like any other.
func (r *reader) parseYAML(text string) (body ast.Node) {
	defer func() {
		if p := recover(); p != nil {
			body = nil
			r.failFile(fmt.Sprintf("the YAML parser cannot read this file: %v", p))
		}
	}()
	tokens := lexer.Tokenize(text)
	if t := tokens.InvalidToken(); t != nil {
		r.failAt(r.place(t), "", oneLine(t.Error))
		return nil
	}
	if !r.checkTokens(tokens) {
		return nil
	}
	file, err := parser.Parse(joinPlain(tokens), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.failSyntax(err)
		return nil
	}
	return r.onlyDocument(file)
}

// checkTokens reports every token that is refused, and the first that is past
// a bound.
func (r *reader) checkTokens(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		r.failAt(r.place(tokens[maxTokens]), "", "the file has more values than a configuration can use")
		return false
	}
	var b bounds
	before := len(r.found)
	for _, t := range tokens {
		if message, ok := refused[t.Type]; ok {
			r.failAt(r.place(t), "", message)
		}
		b.add(t)
		if len(b.open) > maxNesting || b.inline > maxNesting {
			r.failAt(r.place(t), "", fmt.Sprintf("nested more than %d deep", maxNesting))
			return false
		}
		if b.marks > maxMarks {
			r.failAt(r.place(t), "", "a second document is not supported (remove this line)")
			return false
		}
		if b.keys > maxKeys {
			r.failAt(r.place(t), "", fmt.Sprintf("more than %d keys", maxKeys))
			return false
		}
	}
	return len(r.found) == before
}

func (r *reader) failSyntax(err error) {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		r.failAt(r.place(y.GetToken()), "", oneLine(y.GetMessage()))
		return
	}
	r.failFile(err.Error())
}

// failFile reports what is wrong with the file as a whole.
func (r *reader) failFile(message string) {
	r.failAt(place{line: 1, column: 1}, "", oneLine(message))
}

func oneLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func (r *reader) onlyDocument(file *ast.File) ast.Node {
	var body ast.Node
	for _, document := range file.Docs {
		switch {
		case document.Body == nil:
		case body == nil:
			body = document.Body
		default:
			r.failAt(r.place(start(document.Body)), "", "a second document is not supported (remove the --- above it)")
			return nil
		}
	}
	return body
}

// place is where t stands.
func (r *reader) place(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{line: 1, column: 1}
	}
	return place{token: t, line: t.Position.Line, column: t.Position.Column}
}
