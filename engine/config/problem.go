package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/printer"
	"github.com/goccy/go-yaml/token"
)

// Problem is one mistake in a configuration.
type Problem struct {
	File         string // the file's name, "environment PROXY_X" or "--set x=y"
	Line, Column int    // from 1; 0 when the value does not come from the file

	Path    string // of the key, such as pools.api.strategy; "" when it is about no key
	Message string
	Excerpt string // the lines around it with a mark below; "" when there are none to show
}

// String is the problem on one line, without its excerpt.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	if p.Path != "" {
		b.WriteString(": " + p.Path)
	}
	b.WriteString(": " + p.Message)
	return b.String()
}

// Error is returned when a configuration is wrong. It lists every problem, in
// the order of the file, those of the environment and of --set after them.
type Error struct {
	Problems []Problem // at least one
}

// Error is every problem on a line, each followed by its excerpt.
func (e *Error) Error() string {
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.String())
		if p.Excerpt != "" {
			lines = append(lines, p.Excerpt)
		}
	}
	return strings.Join(lines, "\n")
}

const (
	maxProblems = 100  // listed at once; a file that is no config at all would fill the screen
	maxExcerpt  = 2000 // bytes; a larger one hides the message it belongs to
	margin      = 5    // lines around a problem that its excerpt may touch
)

// place is where a value was written.
type place struct {
	origin origin
	name   string // of the variable or the override

	token        *token.Token // nil outside the file and for bytes that are not YAML
	line, column int
}

// origin orders places: a later one replaces the values of an earlier one.
type origin int

const (
	inFile origin = iota
	inEnvironment
	inSet
)

// finding is a problem before it is put in order and drawn.
type finding struct {
	at            place
	path, message string
}

// err returns what was found as an *Error.
func (r *reader) err() *Error {
	slices.SortStableFunc(r.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.at.origin, b.at.origin), cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
	shown := r.found[:min(len(r.found), maxProblems)]
	e := &Error{}
	for _, f := range shown {
		e.Problems = append(e.Problems, r.problem(f))
	}
	if more := len(r.found) - len(shown); more > 0 {
		e.Problems[len(shown)-1].Message += fmt.Sprintf(" (and %d more problems)", more)
	}
	return e
}

func (r *reader) problem(f finding) Problem {
	p := Problem{Path: f.path, Message: f.message}
	switch f.at.origin {
	case inFile:
		p.File = r.source.Name
		p.Line, p.Column = r.inside(f.at)
		if f.path != "admin_token" { // its value may be on any line of it
			p.Excerpt = hide(r.excerpt(f.at))
		}
	case inEnvironment:
		p.File = "environment " + plain(f.at.name)
	case inSet:
		p.File = "--set " + hide(plain(f.at.name))
	}
	return p
}

// inside returns the place of the file that is nearest to at. go-yaml is now and
// then off by a line or a column, around empty values and at the end.
func (r *reader) inside(at place) (line, column int) {
	lines := r.lines
	if len(lines) == 0 {
		lines = []string{""}
	}
	line = min(max(at.line, 1), len(lines))
	return line, min(max(at.column, 1), utf8.RuneCountInString(lines[line-1])+1)
}

// excerpt is go-yaml's drawing of the lines around a place. Its printer takes
// time with the square of a line's tokens, and some tokens that hostile input
// makes are beyond it.
func (r *reader) excerpt(at place) (text string) {
	if at.token == nil {
		return ""
	}
	end := at.line + strings.Count(at.token.Origin, "\n")
	size := 0
	for i := max(0, at.line-margin); i < min(len(r.lines), end+margin); i++ {
		size += len(r.lines[i])
	}
	if size > maxExcerpt {
		return ""
	}
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	text = new(printer.Printer).PrintErrorToken(at.token, false)
	return strings.TrimRight(text, " \r\n")
}
