//go:build linux

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const vegetaCSV = `1795499423109421540,200,1821595,0,0,,,,0,GET,http://127.0.0.1:18081/,Q29ubmVjdGlvbg==
1795499423119534745,200,547383,0,0,,,,1,GET,http://127.0.0.1:18081/,Q29ubmVjdGlvbg==
1795499423129422986,429,468966,0,0,429 Too Many Requests,,,2,GET,http://127.0.0.1:18081/,Q29ubmVjdGlvbg==
1795499423336765556,0,1050880,0,0,"Get ""http://127.0.0.1:18081/"": dial tcp 0.0.0.0:0->127.0.0.1:18081: connect: connection refused",,,3,GET,http://127.0.0.1:18081/,
`

// Latencies are those of good answers, and every other attempt is an error.
func TestParseVegeta(t *testing.T) {
	got, err := parseVegeta(strings.NewReader(vegetaCSV))
	require.NoError(t, err)
	require.Equal(t, latencies{sorted: []time.Duration{547383, 1821595}, errors: 2}, got)
}

// Lines that are no attempts are refused.
func TestParseVegetaRefuses(t *testing.T) {
	for _, text := range []string{"1,2\n", "1,ok,3\n", "1,200,soon\n", "1,\"200,3\n"} {
		_, err := parseVegeta(strings.NewReader(text))
		require.Error(t, err, text)
	}
}

// A percentile is the smallest latency that so many answers did not exceed.
func TestPermille(t *testing.T) {
	var l latencies
	require.Zero(t, l.permille(500), "no answers")
	for i := range 2000 {
		l.sorted = append(l.sorted, time.Duration(i+1))
	}
	require.EqualValues(t, 1000, l.permille(500))
	require.EqualValues(t, 1980, l.permille(990))
	require.EqualValues(t, 1998, l.permille(999))
	l.sorted = l.sorted[:1]
	require.EqualValues(t, 1, l.permille(1))
	require.EqualValues(t, 1, l.permille(999))
}
