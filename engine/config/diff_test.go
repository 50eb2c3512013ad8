package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every key that differs between two files is found once, by the path that an
// operator knows; what is equal is not.
func TestDiff(t *testing.T) {
	before := parse(t, `
listeners: [{addr: ":80"}, {addr: ":81"}]
backends: [{url: http://a:1}, {url: http://b:1, weight: 2}]
timeouts: {connect: 1s}
pools: {api: {backends: [http://c:1]}, old: {backends: [http://d:1]}}
routes: [{path: /api, pool: api}, {path: /old, pool: old}]`)
	after := parse(t, `
listeners: [{addr: ":80", redirect_https: 443, reuse_port: true}, {addr: ":82"}]
backends: [{url: http://b:1, weight: 3}, {url: http://e:1}]
timeouts: {connect: 2s}
limits: {max_connections: 7}
health_check: {status: "200"}
pools: {api: {backends: [http://c:1], health_check: {status: 200-499}}, new: {backends: [http://d:1]}}
routes: [{path: /api, pool: new}, {host: h, pool: api}]`)
	var got []string
	for _, d := range Diff(before, after) {
		got = append(got, d.String())
	}
	require.Equal(t, []string{
		"- listeners[:81]",
		"~ listeners[:80].reuse_port: false -> true (with the next start)",
		"~ listeners[:80].redirect_https: 0 -> 443",
		"+ listeners[:82]",
		"- pools.old",
		"~ pools.default.health_check.status: [200-499] -> [200]",
		"- pools.default.backends[a:1]",
		"~ pools.default.backends[b:1].weight: 2 -> 3",
		"+ pools.default.backends[e:1]",
		"+ pools.new",
		"~ timeouts.connect: 1s -> 2s",
		"~ limits.max_connections: 0 -> 7 (with the next start)",
		"- routes[/old]",
		"~ routes[/api].pool: api -> new",
		"+ routes[h/]",
	}, got)
	require.Empty(t, Diff(after, after))
}
