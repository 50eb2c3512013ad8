package engine

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/ESousa97/goproxyreverso/engine/config"
)

// guard decides which requests the admin listener takes. Whoever can connect to
// it is not trusted for that: a browser on the same machine connects for any page
// it shows.
type guard struct {
	engine *Engine
	first  config.Secret // the token at the start
	local  bool          // it listens on a loopback address

	origins http.CrossOriginProtection
}

// AdminServer is the field Server of all answers of the admin listener. Clients can
// tell by it that it is one.
const AdminServer = "goproxyreverso-admin"

func (g *guard) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", AdminServer)
		switch {
		case g.local && !isLocal(r.Host):
			answerError(w, http.StatusMisdirectedRequest, "the host of the URL must be an IP address or localhost")
		case g.isForeign(r):
			answerError(w, http.StatusForbidden, "requests of other sites are refused")
		case !g.knows(r):
			w.Header().Set("WWW-Authenticate", `Bearer realm="goproxyreverso"`)
			answerError(w, http.StatusUnauthorized, "the admin_token is wanted, as Authorization: Bearer")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isLocal reports whether the Host of a request names this machine and no other.
// A page can have its own name resolved to 127.0.0.1, and then counts as the same
// site (DNS rebinding).
func isLocal(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	_, err = netip.ParseAddr(name)
	return err == nil || strings.EqualFold(name, "localhost")
}

// isForeign reports whether a browser sends the request for a page of another
// site. The check of the standard library passes every GET; profiles cost time
// though, and so it is asked as if about a POST. A link that a person follows to
// see the answer is let through.
func (g *guard) isForeign(r *http.Request) bool {
	if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "document" {
		return false
	}
	post := *r
	post.Method = http.MethodPost
	return g.origins.Check(&post) != nil
}

// token returns what is asked for, "" when nothing is. A reload changes it, but
// does not take it away: whether it may be missing was decided for the address of
// the start, which stays until a restart.
func (g *guard) token() config.Secret {
	return cmp.Or(g.engine.snapshot.Load().config.AdminToken, g.first)
}

// knows reports whether the request carries the token, or needs none. Comparing
// the sums takes the same time wherever the tokens differ, and however long they
// are.
func (g *guard) knows(r *http.Request) bool {
	secret := g.token()
	if secret == "" || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
		return true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(secret))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
