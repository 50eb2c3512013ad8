package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ESousa97/goproxyreverso/engine/accesslog"
)

// access_log.only leaves the rest out, unless a share of it is asked for, wherever
// that is said.
func TestOnlyAndSample(t *testing.T) {
	for text, want := range map[string]AccessLog{
		"{}":                                   {Sample: 1},
		"{sample: 0.1}":                        {Sample: 0.1},
		"{only: []}":                           {Sample: 1},
		"{only: [errors]}":                     {Only: accesslog.Choice{Errors: true}},
		"{only: [500ms, errors]}":              {Only: accesslog.Choice{Errors: true, SlowerThan: 500 * time.Millisecond}},
		"{only: [1s], sample: 0.01}":           {Sample: 0.01, Only: accesslog.Choice{SlowerThan: time.Second}},
		"{sample: 1, only: [errors]}":          {Sample: 1, Only: accesslog.Choice{Errors: true}},
		`{only: ["errors"], format: combined}`: {Only: accesslog.Choice{Errors: true}, Format: "combined"},
	} {
		got := parse(t, "backends: [http://a]\naccess_log: "+text).AccessLog
		if want.Format == "" {
			want.Format = "json"
		}
		require.Equal(t, want, got, text)
	}
	c, err := Parse(Source{
		Data:       []byte("backends: [http://a]"),
		Env:        []string{"PROXY_ACCESS_LOG_ONLY=errors, 2s", "PROXY_ACCESS_LOG_SAMPLE=0.5"},
		Set:        []string{"access_log.format=${client} ${status}"},
		Strategies: strategies,
	})
	require.NoError(t, err)
	require.Equal(t, AccessLog{Format: "${client} ${status}", Sample: 0.5, Only: accesslog.Choice{Errors: true, SlowerThan: 2 * time.Second}}, c.AccessLog)
}
