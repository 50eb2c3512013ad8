package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

var validPool = regexp.MustCompile(`^[a-z0-9_-]{1,63}$`)

// poolName reads the name of a pool. It becomes the label of metrics.
func poolName(text string) (string, error) {
	if text == "" {
		return "", errors.New("want the name of a pool")
	}
	if !validPool.MatchString(text) {
		return "", fmt.Errorf("%s is not the name of a pool (want up to 63 of a-z, 0-9, _ and -)", quote(text))
	}
	return text, nil
}

// readBackends reads a list of URLs and of mappings that hold one.
func readBackends(r *reader, p *Pool, n node) {
	items, ok := r.list(n)
	if !ok {
		return
	}
	if len(items) == 0 {
		r.fail(n, "no backends: want at least one, such as http://127.0.0.1:9001")
		return
	}
	p.Backends = nil
	first := map[string]node{}
	for _, item := range items {
		b, ok := r.backend(item)
		if !ok {
			continue
		}
		if there, twice := first[b.Addr]; twice {
			r.fail(item, "the backend %s is given twice, first as %s", b.Addr, there.path)
			continue
		}
		first[b.Addr] = item
		p.Backends = append(p.Backends, b)
	}
}

// backend reads one item of backends. A plain URL is short for a mapping with
// nothing else in it.
func (r *reader) backend(n node) (Backend, bool) {
	var b Backend
	fill(&b, backendKeys)
	switch n.shape {
	case scalar:
		readURL(r, &b, n)
	case mapping:
		readKeys(r, backendKeys, &b, n)
		if !n.has("url") {
			r.fail(n, "has no url")
		}
	case empty, list:
		r.fail(n, "want a URL, or a mapping with one: {url: http://127.0.0.1:9001, weight: 2}")
	}
	return b, b.Addr != ""
}

// has reports whether the mapping n has the key.
func (n node) has(key string) bool {
	return slices.ContainsFunc(n.pairs, func(p pair) bool { return p.key == key })
}

// readPools makes the pools of the file. It comes after everything they inherit
// from, whatever the order in the file.
func (r *reader) readPools(d *draft) {
	r.checkKeyPair("", d.base.TLS)
	if _, given := r.seen["backends"]; given {
		d.Pools = append(d.Pools, d.base)
	}
	if n := d.pools; n.shape == scalar || n.shape == list {
		r.fail(n, "want names and their pools: {api: {backends: [http://127.0.0.1:9001]}}")
	}
	for _, p := range d.pools.pairs {
		d.Pools = append(d.Pools, r.pool(d.base, p))
	}
	if len(d.Pools) == 0 && (d.pools.shape == empty || d.pools.shape == mapping) {
		r.failFile("no backends: the file needs a list of them, backends: [http://127.0.0.1:9001]")
	}
}

// pool makes one named pool out of what it says and what base says.
func (r *reader) pool(base Pool, given pair) Pool {
	p := Pool{Name: given.key, Strategy: base.Strategy, HealthCheck: base.HealthCheck, TLS: base.TLS}
	if given.key == DefaultPool {
		r.fail(given.value, "the name is taken by the top-level backends")
	} else if _, err := poolName(given.key); err != nil {
		r.fail(given.value, "%v", err)
	}
	readKeys(r, poolKeys, &p, given.value)
	r.checkKeyPair(given.value.path+".", p.TLS)
	if s := given.value.shape; !given.value.has("backends") && (s == mapping || s == empty) {
		r.fail(given.value, "has no backends")
	}
	return p
}
