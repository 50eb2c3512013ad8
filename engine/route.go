package engine

import (
	"bytes"
	"strings"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool/http1"
)

// route finds the pool of the request.
func (x *exchange) route() error {
	r := &x.snap.routes.fallback
	if x.snap.routes.hosts != nil {
		r = x.findRoute()
	}
	x.taken = r
	if x.connect = string(x.request.Method) == "CONNECT"; x.connect && !r.connect {
		return errConnect
	}
	if x.pool = r.pool; x.pool == nil {
		return errNoRoute
	}
	return nil
}

// findRoute looks host and path up, both in normal form. What is forwarded stays
// as it came; that both name the same resource is what makes a route hold.
func (x *exchange) findRoute() *route {
	x.scratch = appendHost(x.scratch[:0], x.request.Host)
	n := len(x.scratch)
	x.scratch = appendNormalPath(x.scratch, x.request.Path)
	if r := x.snap.routes.find(x.scratch[:n], x.scratch[n:]); r != nil {
		return r
	}
	return &x.snap.routes.fallback
}

// route is where requests go.
type route struct {
	name    string // host and path, as configured
	pool    *servicePool
	connect bool // CONNECT is allowed
}

// routes is the table of all routes, by host and then by path.
type routes struct {
	hosts    map[string]*paths // lower-case names; a suffix with its dot; "" for any
	suffixes bool              // one of the hosts is a suffix
	fallback route             // of what no route takes; may be without a pool
}

// paths are the routes of one host.
type paths struct {
	routes map[string]*route // by prefix, without a slash at its end
	depth  int               // segments of the longest
}

func newRoutes(list []config.Route, pools map[string]*servicePool) routes {
	r := routes{fallback: route{pool: pools[config.DefaultPool]}}
	for _, c := range list {
		if r.hosts == nil {
			r.hosts = make(map[string]*paths)
		}
		host := c.Host
		if suffix, ok := strings.CutPrefix(host, "*"); ok {
			host, r.suffixes = suffix, true
		}
		h := r.hosts[host]
		if h == nil {
			h = &paths{routes: make(map[string]*route)}
			r.hosts[host] = h
		}
		path := strings.TrimSuffix(c.Path, "/")
		h.routes[path] = &route{name: c.Host + c.Path, pool: pools[c.Pool], connect: c.Connect}
		h.depth = max(h.depth, strings.Count(path, "/"))
	}
	return r
}

// find returns the route of the most specific host that has a route for the path:
// the exact name, then its suffixes from the longest on, then any host.
func (r *routes) find(host, path []byte) *route {
	if p := r.hosts[string(host)].find(path); p != nil && len(host) > 0 {
		return p
	}
	for rest := host; r.suffixes && len(rest) > 0; {
		i := bytes.IndexByte(rest[1:], '.')
		if i < 0 {
			break
		}
		rest = rest[1+i:]
		if p := r.hosts[string(rest)].find(path); p != nil {
			return p
		}
	}
	return r.hosts[""].find(path)
}

// find returns the route of the longest prefix of the path that ends where a
// segment ends. It looks at no more segments than the longest route has.
func (p *paths) find(path []byte) *route {
	if p == nil {
		return nil
	}
	end := len(path)
	if i := nthSlash(path, p.depth+1); i >= 0 {
		end = i
	}
	for end >= 0 {
		if r := p.routes[string(path[:end])]; r != nil {
			return r
		}
		end = bytes.LastIndexByte(path[:end], '/')
	}
	return nil
}

// nthSlash returns the index of the n-th slash, -1 when there are fewer.
func nthSlash(path []byte, n int) int {
	for i, c := range path {
		if c == '/' {
			if n--; n == 0 {
				return i
			}
		}
	}
	return -1
}

// appendHost appends the name of a Host in lower case, without its port and the
// dot that may end a full name.
func appendHost(dst, host []byte) []byte {
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	host = bytes.TrimSuffix(host, []byte("."))
	for _, c := range host {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// appendNormalPath appends a path in normal form (RFC 3986 section 6.2.2):
// percent-encoded characters decoded, "." and ".." resolved, empty segments
// dropped. A backend may or may not do the same; a route must hold in any case.
func appendNormalPath(dst, path []byte) []byte {
	start := len(dst)
	if len(path) == 0 || path[0] != '/' {
		return append(dst, '/') // OPTIONS *, and a target that is an authority alone
	}
	if bytes.IndexByte(path, '%') < 0 && !bytes.Contains(path, []byte("/.")) && !bytes.Contains(path, []byte("//")) {
		return append(dst, path...) // Fast path: it is normal already.
	}
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' && i+2 < len(path) {
			if hi, lo := http1.Unhex(path[i+1]), http1.Unhex(path[i+2]); hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		if c == '/' {
			dst = closeSegment(dst, start)
		}
		dst = append(dst, c)
	}
	return closeLastSegment(dst, start)
}

// closeSegment ends the last segment of dst[start:], before the slash that
// follows it: an empty one and "." go, ".." takes the one before with it.
func closeSegment(dst []byte, start int) []byte {
	i := bytes.LastIndexByte(dst[start:], '/')
	if i < 0 {
		return dst
	}
	switch string(dst[start+i+1:]) {
	case "", ".":
		return dst[:start+i]
	case "..":
		return dst[:start+max(0, bytes.LastIndexByte(dst[start:start+i], '/'))]
	}
	return dst
}

// closeLastSegment is closeSegment at the end of the path, whose last slash stays.
func closeLastSegment(dst []byte, start int) []byte {
	closed := closeSegment(dst, start)
	if len(closed) < len(dst) || len(closed) == start {
		closed = append(closed, '/')
	}
	return closed
}
