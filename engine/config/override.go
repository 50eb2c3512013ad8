package config

import (
	"fmt"
	"slices"
	"strings"
)

// override lets the environment and then Set replace values of the file.
//
// A variable that begins with PROXY_ may belong to somebody else, and is passed
// by when it names no key. One that begins like a section of the file
// (PROXY_TIMEOUTS_) can only be a slip, and is reported.
func (r *reader) override(d *draft) {
	for _, variable := range slices.Sorted(slices.Values(r.source.Env)) {
		name, text, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "PROXY_") {
			r.overrideByVariable(d, name, text)
		}
	}
	for _, assignment := range r.source.Set {
		r.overrideBySet(d, assignment)
	}
}

func (r *reader) overrideByVariable(d *draft, name, text string) {
	at := place{origin: inEnvironment, name: name}
	section := ""
	for _, k := range fileKeys {
		first, _, nested := strings.Cut(k.name, ".")
		switch {
		case name == variable(k.name):
			r.replace(d, k, node{shape: scalar, text: text, path: k.name, at: at})
			return
		case fileOnly(k.name) && strings.HasPrefix(name, variable(k.name)+"_"):
			r.failAt(at, "", fmt.Sprintf("%s are set in the file only", k.name))
			return
		case nested && name == variable(first):
			r.failAt(at, "", fmt.Sprintf("%s is a section (set one of its keys, such as %s)", first, variable(k.name)))
			return
		case nested && strings.HasPrefix(name, variable(first)+"_"):
			section = first
		}
	}
	if section != "" {
		r.failUnknownVariable(at, section)
	}
}

// failUnknownVariable reports a variable that begins like the section.
func (r *reader) failUnknownVariable(at place, section string) {
	key := strings.ToLower(at.name[len(variable(section+".")):])
	near := nearest(key, namesIn(fileKeys, section+"."))
	if near != "" {
		near = variable(section + "." + near)
	}
	r.failAt(at, "", "unknown variable"+didYouMean(near))
}

// variable is the name of the variable for a key.
func variable(key string) string {
	return "PROXY_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func (r *reader) overrideBySet(d *draft, assignment string) {
	at := place{origin: inSet, name: assignment}
	path, text, found := strings.Cut(assignment, "=")
	path = strings.TrimSpace(path)
	if !found {
		r.failAt(at, "", "want path=value, such as timeouts.connect=3s")
		return
	}
	n := node{shape: scalar, text: text, path: plain(path), at: at}
	if k, ok := find(fileKeys, path); ok {
		r.replace(d, k, n)
		return
	}
	first, _, _ := strings.Cut(path, ".")
	names := namesIn(fileKeys, path+".")
	switch {
	case fileOnly(first):
		r.fail(n, "%s are set in the file only", first)
	case len(names) > 0:
		r.fail(n, "is a section (set one of its keys, such as %s.%s)", path, names[0])
	default:
		near := nearest(path, r.names)
		if near == "" {
			near = r.elsewhere(path)
		}
		r.fail(n, "unknown key%s", didYouMean(near))
	}
}

// replace reads n in the place of what the file says about the key.
func (r *reader) replace(d *draft, k key[draft], n node) {
	if fileOnly(k.name) {
		r.fail(n, "%s are set in the file only", k.name)
		return
	}
	r.seen[k.name] = n
	k.read(r, d, n)
}
