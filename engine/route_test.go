package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
)

// poolsNamed returns a pool for each route, by its name.
func poolsNamed(list []config.Route) map[string]*servicePool {
	pools := make(map[string]*servicePool)
	for _, r := range list {
		pools[r.Pool] = &servicePool{Pool: &pool.Pool{Name: r.Pool}}
	}
	return pools
}

// find returns the name of the pool that a request goes to, "" for none.
func find(r routes, host, path string) string {
	x := &exchange{snap: &snapshot{routes: r}}
	x.request.Host, x.request.Path = []byte(host), []byte(path)
	if x.route() != nil {
		return ""
	}
	return x.pool.Name
}

// The most specific route takes a request.
func TestRoute(t *testing.T) {
	list := []config.Route{
		{Host: "", Path: "/static", Pool: "static"},
		{Host: "a.test", Path: "/", Pool: "a"},
		{Host: "a.test", Path: "/v1/", Pool: "a-v1"},
		{Host: "a.test", Path: "/v1/deep/er", Pool: "a-deep"},
		{Host: "*.test", Path: "/", Pool: "suffix"},
		{Host: "*.b.test", Path: "/only", Pool: "b"},
	}
	r := newRoutes(list, poolsNamed(list))
	for _, c := range []struct{ host, path, want string }{
		{"a.test", "/", "a"},
		{"A.Test:8080", "/x", "a"},
		{"a.test.", "/x", "a"},
		{"a.test", "/v1", "a-v1"},
		{"a.test", "/v1/", "a-v1"},
		{"a.test", "/v1/x/y/z", "a-v1"},
		{"a.test", "/v10", "a"},
		{"a.test", "/v1/deep/er/still", "a-deep"},
		{"a.test", "/v1/deep/erx", "a-v1"},
		{"x.test", "/", "suffix"},
		{"x.y.test", "/", "suffix"},
		{"x.b.test", "/only/this", "b"},
		{"x.b.test", "/other", "suffix"},
		{"test", "/", ""},
		{"other", "/static/x", "static"},
		{"other", "/x", ""},
		{"a.test", "/static/x", "a"},
		{"a.test", "*", "a"},
		{"[::1]:80", "/static", "static"},
	} {
		require.Equal(t, c.want, find(r, c.host, c.path), "%s %s", c.host, c.path)
	}
}

// However a path is written, it is routed like its normal form.
func TestRouteNormalForm(t *testing.T) {
	list := []config.Route{{Path: "/admin", Pool: "admin"}, {Path: "/", Pool: "open"}}
	r := newRoutes(list, poolsNamed(list))
	for _, path := range []string{
		"/admin", "/admin/", "//admin", "/./admin", "/x/../admin", "/%61dmin", "/x/%2e%2e/admin", "/x/.%2E/admin/y",
		"/%2fadmin", "/x%2f..%2fadmin", "/../admin", "/x/y/../../admin", "/x//..//..//admin/./z/..",
	} {
		require.Equal(t, "admin", find(r, "h", path), path)
	}
	for _, path := range []string{"/", "/adminx", "/x/admin", "/admin/..", "/admin/../x", "/%2561dmin", "/.admin", "/..admin"} {
		require.Equal(t, "open", find(r, "h", path), path)
	}
}

// naiveRoute looks at every route: the longest path of the most specific host.
func naiveRoute(list []config.Route, host, path string) string {
	best, name := -1, ""
	for _, r := range list {
		specific := -1
		switch suffix, isSuffix := strings.CutPrefix(r.Host, "*"); {
		case r.Host == host:
			specific = 1000
		case r.Host == "":
			specific = 0
		case isSuffix && strings.HasSuffix(host, suffix) && len(host) > len(suffix):
			specific = len(suffix)
		}
		prefix := strings.TrimSuffix(r.Path, "/")
		if specific >= 0 && (path == prefix || strings.HasPrefix(path, prefix+"/")) {
			if score := specific*1000 + len(prefix); score > best {
				best, name = score, r.Pool
			}
		}
	}
	return name
}

// The table of routes says what a plain loop over all routes says.
func TestRouteAgainstLoop(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	for range 300 {
		var list []config.Route
		seen := make(map[string]bool)
		for range random.IntN(12) {
			r := config.Route{
				Host: pick("", "a", "a.b", "*.b", "*.a.b", "x.a.b"),
				Path: "/" + strings.TrimPrefix(strings.Repeat("/"+pick("p", "q"), random.IntN(4)), "/"),
			}
			r.Pool = fmt.Sprint(len(list))
			if key := r.Host + r.Path; !seen[key] {
				seen[key] = true
				list = append(list, r)
			}
		}
		table := newRoutes(list, poolsNamed(list))
		for range 30 {
			host := pick("a", "b", "a.b", "x.b", "x.a.b", "y.x.a.b", "c")
			path := strings.Repeat("/"+pick("p", "q", "pp"), random.IntN(5))
			if path == "" {
				path = "/"
			}
			require.Equal(t, naiveRoute(list, host, path), find(table, host, path), "%v %s %s", list, host, path)
		}
	}
}
