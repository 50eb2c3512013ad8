//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const wrkHead = `Running 1s test @ http://127.0.0.1:18081/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    57.00us   30.68us   1.03ms   95.05%
    Req/Sec   106.94k     3.26k  110.56k    72.73%
  Latency Distribution
     50%   57.00us
     75%   60.00us
     90%   71.00us
     99%    1.03ms
  116557 requests in 1.10s, 16.56MB read
`

const wrkFoot = `Requests/sec: 105940.97
Transfer/sec:     15.05MB
`

// Requests, rate and all kinds of errors are read from what wrk prints.
func TestParseWrk(t *testing.T) {
	for _, row := range []struct {
		name, middle string
		errors       int
	}{
		{"no errors", "", 0},
		{"statuses", "  Non-2xx or 3xx responses: 112\n", 112},
		{"sockets", "  Socket errors: connect 1, read 20, write 300, timeout 4000\n", 4321},
		{"both", "  Socket errors: connect 0, read 0, write 0, timeout 8\n  Non-2xx or 3xx responses: 2\n", 10},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := parseWrk(wrkHead + row.middle + wrkFoot)
			require.NoError(t, err)
			require.Equal(t, throughput{
				requests: 116557, perSecond: 105940.97, errors: row.errors,
				p50: 57 * time.Microsecond, p99: 1030 * time.Microsecond,
			}, got)
		})
	}
}

// Output without a result is an error that shows the output.
func TestParseWrkWithoutResult(t *testing.T) {
	_, err := parseWrk("unable to connect to 127.0.0.1:18081 Connection refused\n")
	require.ErrorContains(t, err, "Connection refused")
}

// Its script is that of a POST with a body of the wanted length.
func TestWrkScript(t *testing.T) {
	require.Contains(t, wrkScript(10240), `string.rep("x", 10240)`)
	require.Contains(t, wrkScript(1), `"POST"`)
}
