package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// readRoutes makes the routes of the file and holds them against its pools.
func (r *reader) readRoutes(d *draft) {
	items, _ := r.list(d.routes)
	first := map[Route]node{}
	used := map[string]bool{}
	for _, item := range items {
		t, whole := r.route(item)
		if t.Pool != "" {
			used[t.Pool] = true
			r.checkPool(d, item, t.Pool)
		}
		if !whole {
			continue
		}
		match := Route{Host: t.Host, Path: t.Path}
		if there, twice := first[match]; twice {
			r.fail(item, "the same host and path as %s", there.path)
			continue
		}
		first[match] = item
		d.Routes = append(d.Routes, t)
	}
	for _, p := range d.pools.pairs {
		if !used[p.key] && p.key != DefaultPool && validPool.MatchString(p.key) {
			r.fail(p.value, "no route leads to this pool (add one to routes, or remove the pool)")
		}
	}
}

// route reads one item of routes. The second result is false when a part of it
// is missing or wrong.
func (r *reader) route(n node) (Route, bool) {
	var t Route
	fill(&t, routeKeys)
	if n.shape != mapping {
		if n.shape != broken {
			r.fail(n, "want a mapping: {host: api.example.com, path: /v1, pool: api}")
		}
		return t, false
	}
	before := len(r.found)
	readKeys(r, routeKeys, &t, n)
	if !n.has("pool") {
		r.fail(n, "has no pool")
	}
	return t, len(r.found) == before
}

// checkPool reports a route to a pool that does not exist.
func (r *reader) checkPool(d *draft, n node, name string) {
	var names []string
	for _, p := range d.Pools {
		names = append(names, p.Name)
	}
	if slices.Contains(names, name) {
		return
	}
	n = n.value("pool")
	if name == DefaultPool {
		r.fail(n, "there are no top-level backends, and they are what %s stands for", DefaultPool)
		return
	}
	r.fail(n, "unknown pool %s%s", quote(name), didYouMean(nearest(name, names)))
}

// value returns what the mapping n has under key, which it must have.
func (n node) value(key string) node {
	return n.pairs[slices.IndexFunc(n.pairs, func(p pair) bool { return p.key == key })].value
}

// routeHost reads the host of a route into lower case.
func routeHost(text string) (string, error) {
	host := strings.ToLower(text)
	name := strings.TrimPrefix(host, "*.")
	_, err := netip.ParseAddr(name)
	isIP := err == nil
	switch {
	case host == "" || isHost(name) && !isIP:
		return host, nil
	case isIP && name == host && !strings.Contains(host, ":"):
		return host, nil
	case strings.Contains(host, ":"):
		return "", fmt.Errorf("%s is not a host (want a name without port, such as api.example.com)", quote(text))
	case host == "*":
		return "", errors.New(`"*" is not a host (leave host out for any)`)
	case strings.Contains(name, "*"):
		return "", fmt.Errorf(`%s is not a host (a "*" stands only for the first labels: "*.example.com")`, quote(text))
	}
	return "", fmt.Errorf(`%s is not a host (want a name, such as api.example.com or "*.example.com")`, quote(text))
}
