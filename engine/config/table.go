package config

import (
	"fmt"
	"slices"
	"strings"
)

// key is one line of the tables below. They are all there is to know about a
// setting: the file, the environment, --set, defaults and Keys go by them.
type key[T any] struct {
	name    string // dotted below what T stands for
	kind    string
	preset  string // the default as the file would spell it
	meaning string
	read    func(*reader, *T, node)
	show    func(*T) string // the value as text, for Diff; nil: its parts are compared
}

// draft is a configuration while it is read.
type draft struct {
	Config

	base     Pool          // what the top level says of pools
	listener listenerDraft // what it says of the one listener

	addrPaths []string // where the addresses of Listeners stand

	pools, routes, listeners node // read when everything they inherit is known
}

func basePool(d *draft) *Pool             { return &d.base }
func theListener(d *draft) *listenerDraft { return &d.listener }

func newDraft() *draft {
	d := &draft{base: Pool{Name: DefaultPool}}
	fill(d, fileKeys)
	return d
}

// fileOnly reports whether a key cannot be replaced from outside the file.
func fileOnly(name string) bool {
	switch name {
	case "pools", "routes", "listeners", "tls.certificates":
		return true
	}
	return false
}

// one is the key of a single value: parse reads its text, at says where it goes.
func one[T, V any](name, kind, preset string, parse func(string) (V, error), at func(*T) *V, meaning string) key[T] {
	read := func(r *reader, t *T, n node) {
		text, ok := r.scalar(n)
		if !ok {
			return
		}
		v, err := parse(text)
		if err != nil {
			r.fail(n, "%v", err)
			return
		}
		*at(t) = v
	}
	return many(name, kind, preset, read, at, meaning)
}

// many is the key of a value that takes more to read; at says where it goes.
func many[T, V any](name, kind, preset string, read func(*reader, *T, node), at func(*T) *V, meaning string) key[T] {
	return key[T]{name, kind, preset, meaning, read, func(t *T) string { return fmt.Sprint(*at(t)) }}
}

// section is a key whose value is made of other keys.
func section[T any](name, kind string, read func(*reader, *T, node), meaning string) key[T] {
	return key[T]{name, kind, "", meaning, read, nil}
}

// lift makes the keys of a part keys of the top level; at says where it is there.
func lift[T any](keys []key[T], at func(*draft) *T) []key[draft] {
	lifted := make([]key[draft], len(keys))
	for i, k := range keys {
		lifted[i] = key[draft]{k.name, k.kind, k.preset, k.meaning, func(r *reader, d *draft, n node) { k.read(r, at(d), n) }, nil}
	}
	return lifted
}

// fill gives t its defaults, by the readers that read the file.
func fill[T any](t *T, keys []key[T]) {
	r := &reader{}
	for _, k := range keys {
		if k.preset == "" || k.preset == "[]" {
			continue
		}
		r.source.Strategies = []string{k.preset} // the default is known, whatever else is
		k.read(r, t, node{shape: scalar, text: strings.Trim(k.preset, `"`), path: k.name})
	}
	if len(r.found) > 0 {
		panic("BUG: default of " + r.found[0].path + ": " + r.found[0].message)
	}
}

func find[T any](keys []key[T], name string) (key[T], bool) {
	i := slices.IndexFunc(keys, func(k key[T]) bool { return k.name == name })
	if i < 0 {
		return key[T]{}, false
	}
	return keys[i], true
}

// namesIn returns the next part of every name that begins with section.
func namesIn[T any](keys []key[T], section string) []string {
	var names []string
	for _, k := range keys {
		if rest, ok := strings.CutPrefix(k.name, section); ok {
			name, _, _ := strings.Cut(rest, ".")
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (k key[T]) describe(prefix string) Key {
	return Key{prefix + k.name, k.kind, k.preset, k.meaning}
}

func describeAll[T any](to []Key, keys []key[T], prefix string) []Key {
	for _, k := range keys {
		to = append(to, k.describe(prefix))
	}
	return to
}
