package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// routePath reads the path of a route. Whole segments are compared, so a slash
// at its end says nothing and is taken off.
func routePath(text string) (string, error) {
	if strings.Contains(text, "*") {
		return "", errors.New(`a path matches all below it (leave out the "*")`)
	}
	path, err := cleanPath(text)
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path, err
}

// cleanPath reads a path in the only form in which requests are compared with
// it: decoded and resolved.
func cleanPath(text string) (string, error) {
	if err := checkSlash(text); err != nil {
		return "", err
	}
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", fmt.Errorf("the path %s has a control character", quote(text))
	case strings.ContainsAny(text, "?#"):
		return "", fmt.Errorf("the path %s has a query or fragment (remove it)", quote(text))
	case strings.ContainsAny(text, `%\`):
		return "", fmt.Errorf("the path %s has an escape (write the character it stands for)", quote(text))
	case strings.Contains(text, "//"):
		return "", fmt.Errorf(`the path %s has an empty segment ("//")`, quote(text))
	}
	for segment := range strings.SplitSeq(text, "/") {
		if segment == "." || segment == ".." {
			return "", fmt.Errorf("the path %s has a segment %q (write it resolved)", quote(text), segment)
		}
	}
	return text, nil
}

// requestPath reads a path that is sent as it is, with a query if it has one.
func requestPath(text string) (string, error) {
	if err := checkSlash(text); err != nil {
		return "", err
	}
	if strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", fmt.Errorf("the path %s has a character that needs an escape (%%20 for a space)", quote(text))
	}
	if strings.Contains(text, "#") {
		return "", fmt.Errorf("the path %s has a fragment (remove it)", quote(text))
	}
	return text, nil
}

func checkSlash(text string) error {
	if !strings.HasPrefix(text, "/") {
		return fmt.Errorf(`%s is not a path (it must begin with "/")`, quote(text))
	}
	return nil
}
