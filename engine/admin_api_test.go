package engine

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
)

// post sends a body to the admin listener.
func (p *tester) post(path, body string) (status int, answer string) {
	p.t.Helper()
	resp, err := http.Post("http://"+p.AdminAddr().String()+path, "application/json", strings.NewReader(body))
	require.NoError(p.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	http.DefaultClient.CloseIdleConnections()
	return resp.StatusCode, string(b)
}

// What is asked of the admin listener is done, or refused with the status and the
// reason that fit.
func TestActions(t *testing.T) {
	p := startProxy(t, "admin_addr: 127.0.0.1:0\nbackends: [$a, $b]\n"+
		"pools: {api: {backends: [$a, $c]}}\nroutes: [{path: /api, pool: api}]")
	p.Source = config.Source{Strategies: pool.Strategies()}
	p.Path = filepath.Join(t.TempDir(), "proxy.yaml")
	addr := func(s string) string {
		for name, b := range p.backends {
			s = strings.ReplaceAll(s, "$"+name, b.Addr)
		}
		return s
	}
	for _, row := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"/drain", `{"backend":"$b"}`, 200, `"state": "draining"`},
		{"/drain", `{"backend":"$a"}`, 409, "several pools have the backend: say which: default and api"},
		{"/drain", `{"backend":"$a","pool":"default"}`, 409, "last backend that can take requests"},
		{"/drain", `{"backend":"$a","pool":"default","force":true}`, 200, `"eligible": 0`},
		{"/undrain", `{"backend":"$a","pool":"default"}`, 200, `"state": "up"`},
		{"/undrain", `{"backend":"$b","pool":"api"}`, 404, "no such backend"},
		{"/weight", `{"backend":"$c","weight":7}`, 200, `"weight": 7,`},
		{"/weight", `{"backend":"$c","weight":0}`, 200, `"weight": 1,`},
		{"/weight", `{"backend":"$c","weight":-1}`, 422, "must be between 1 and 1000"},
		{"/weight", `{"backend":"$c"}`, 422, "no weight"},
		{"/drain", `{"backend":"$c","pool":"none"}`, 404, `there is no pool \"none\"`},
		{"/drain", `{"backend":""}`, 404, "no such backend"},
		{"/drain", `{"backnd":"$c"}`, 400, "unknown field"},
		{"/drain", ``, 400, "want a request in JSON"},
		{"/drain", `{"backend":"` + strings.Repeat("x", maxRequest) + `"}`, 400, "too large"},
		{"/plan", "backends: [http://$a]\nstrategy: rr", 422, "unknown strategy"},
		{"/plan", "backends: [http://$a]", 200, `"kind": "removed"`},
		{"/plan", strings.Repeat("#", config.MaxBytes+2), 413, "too large"},
		{"/reload", "", 422, "create it"},
	} {
		status, answer := p.post(row.path, addr(row.body))
		require.Equal(t, row.status, status, "%s %.80s: %s", row.path, row.body, answer)
		require.Contains(t, answer, row.want)
	}
}

// What changes anything does not answer to GET.
func TestActionsArePosts(t *testing.T) {
	p := startProxy(t, "backends: [$a]\nadmin_addr: 127.0.0.1:0")
	for _, path := range []string{"/reload", "/plan", "/drain", "/undrain", "/weight"} {
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
			resp, _ := p.ask(method, path)
			require.Equal(t, 405, resp.StatusCode)
			require.Equal(t, "POST", resp.Header.Get("Allow"))
		}
	}
}
