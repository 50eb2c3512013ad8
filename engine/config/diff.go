package config

import (
	"slices"
	"strings"
)

// Difference is one thing in which two configurations comparison.
type Difference struct {
	Kind DifferenceKind `json:"kind"`
	Path string         `json:"path"`          // such as timeouts.connect or pools.api.backends[10.0.0.1:80]
	Old  string         `json:"old,omitempty"` // of a value that changed
	New  string         `json:"new,omitempty"`

	// Restart means that it takes effect in the next process only.
	Restart bool `json:"restart,omitempty"`
}

// DifferenceKind says what happened to a thing.
type DifferenceKind string

// What can happen to a thing.
const (
	Added   DifferenceKind = "added"
	Removed DifferenceKind = "removed"
	Changed DifferenceKind = "changed"
)

// Diff returns in what a new configuration differs from an old one, in the order of
// the documentation.
func Diff(before, after *Config) []Difference {
	d := &comparison{}
	diffEach(d, before.Listeners, after.Listeners, set[Listener]{
		name: func(l Listener) string { return "listeners[" + l.Addr + "]" },
		values: func(l, other Listener) {
			diffKeys(d, listenerKeys, &listenerDraft{Listener: l}, &listenerDraft{Listener: other})
		},
	})
	diffKeys(d, adminKeys, &draft{Config: *before}, &draft{Config: *after})
	if a, b := before.AdminToken, after.AdminToken; a != b && a.String() == b.String() {
		d.found = append(d.found, Difference{Kind: Changed, Path: "admin_token", Old: a.String(), New: b.String()})
	}
	diffEach(d, before.Pools, after.Pools, set[Pool]{
		name: func(p Pool) string { return "pools." + p.Name },
		values: func(p, other Pool) {
			diffKeys(d, poolKeys, &p, &other)
			d.diffBackends(p, other)
		},
	})
	diffKeys(d, clientKeys, &draft{Config: *before}, &draft{Config: *after})
	diffEach(d, before.Routes, after.Routes, set[Route]{
		name:   func(t Route) string { return "routes[" + t.Host + t.Path + "]" },
		values: func(t, other Route) { diffKeys(d, routeKeys, &t, &other) },
	})
	return d.found
}

func (d *comparison) diffBackends(p, other Pool) {
	diffEach(d, p.Backends, other.Backends, set[Backend]{
		name:   func(b Backend) string { return ".backends[" + b.Addr + "]" },
		values: func(b, other Backend) { diffKeys(d, backendKeys, &b, &other) },
	})
}

// restart are the keys that a running process cannot follow.
var restart = []string{"limits.max_connections", "reuse_port", "admin_addr", "admin_mode"}

// comparison collects differences below a path.
type comparison struct {
	path  string
	found []Difference
}

func (d *comparison) add(kind DifferenceKind, path string) {
	d.found = append(d.found, Difference{Kind: kind, Path: d.path + path})
}

// diffKeys compares what each key shows of two parts.
func diffKeys[T any](d *comparison, keys []key[T], before, after *T) {
	for _, k := range keys {
		if k.show == nil {
			continue
		}
		a, b := k.show(before), k.show(after)
		if a == b {
			continue
		}
		path := k.name
		if d.path != "" {
			path = d.path + "." + k.name
		}
		d.found = append(d.found, Difference{Changed, path, a, b, slices.Contains(restart, k.name)})
	}
}

// set says how the parts of a list are told apart and compared.
type set[T any] struct {
	name   func(T) string
	values func(before, after T)
}

// diffEach compares two lists of parts that have names.
func diffEach[T any](d *comparison, before, after []T, s set[T]) {
	index := func(list []T) map[string]T {
		byName := make(map[string]T, len(list))
		for _, t := range list {
			byName[s.name(t)] = t
		}
		return byName
	}
	was, is := index(before), index(after)
	for _, t := range before {
		if _, stays := is[s.name(t)]; !stays {
			d.add(Removed, s.name(t))
		}
	}
	for _, t := range after {
		old, known := was[s.name(t)]
		if !known {
			d.add(Added, s.name(t))
			continue
		}
		outer := d.path
		d.path += s.name(t)
		s.values(old, t)
		d.path = outer
	}
}

// String returns the difference in one line, as "+", "-" or "~", its path and its
// values.
func (d Difference) String() string {
	var b strings.Builder
	b.WriteString(map[DifferenceKind]string{Added: "+ ", Removed: "- ", Changed: "~ "}[d.Kind])
	b.WriteString(d.Path)
	if d.Kind == Changed {
		b.WriteString(": " + plain(d.Old) + " -> " + plain(d.New))
	}
	if d.Restart {
		b.WriteString(" (with the next start)")
	}
	return b.String()
}
