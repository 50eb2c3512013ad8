package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/config"
	"github.com/ESousa97/goproxyreverso/pool"
)

// A plan tells what a reload would do and what weight would go, and changes nothing;
// a file that would be refused is an error.
func TestPlan(t *testing.T) {
	p := startProxy(t, "backends: [{url: $a, weight: 3}, $b, {url: $c, backup: true}]")
	p.Source = config.Source{Strategies: pool.Strategies()}
	before := p.snapshot.Load()
	plan, err := p.Plan("new.yaml", []byte("admin_addr: ''\nlisten_addr: '127.0.0.1:0'\nhealth_check_interval: 0s\nrate_limit: {rps: 0}\n"+
		"limits: {max_connections: 9}\nbackends: ['http://"+p.backend("b").Addr+"', 'http://127.0.0.1:1']"))
	require.NoError(t, err)
	require.Equal(t, []PoolPlan{{Pool: "default", Kept: 1, Added: 1, Removed: 2, Lost: 0.75}}, plan.Pools)
	require.True(t, plan.Restart)
	require.Len(t, plan.Changes, 4, "%v", plan.Changes)
	require.Same(t, before, p.snapshot.Load())

	_, err = p.Plan("new.yaml", []byte("backends: []"))
	require.ErrorContains(t, err, "new.yaml:1:1: ")
	_, err = p.Plan("new.yaml", []byte("backends: ['https://127.0.0.1:1']\nbackend_tls: {ca_file: /nowhere}"))
	require.ErrorContains(t, err, "/nowhere")
}
