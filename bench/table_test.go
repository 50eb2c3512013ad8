//go:build linux

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// A figure's block has a row for each contender, and its columns stand below each
// other. What is only counted is a line.
func TestTable(t *testing.T) {
	r := rig{scenario: scenario{method: idle{}, variants: []variant{{}}}}
	enter(&r, goproxyreverso, variant{}, sample{silentMemory.key: 1000, busyMemory.key: 3000, lost.key: 0})
	enter(&r, nginx, variant{}, sample{silentMemory.key: 500, busyMemory.key: 500, residentMemory.key: 3 << 20, lost.key: 12})
	rep := report{rig: &r, Results: summarize(&r)}
	var out bytes.Buffer
	writeTable(&out, &rep)
	require.Equal(t, `bytes per connection, silent   median  quartiles    /nginx  quartiles    /floor  quartiles
  goproxyreverso               1000    1000 - 1000  2.00    2.00 - 2.00  -
  nginx                        500     500 - 500    1.00    1.00 - 1.00  -

bytes per connection, at once  median  quartiles    /nginx  quartiles    /floor  quartiles
  goproxyreverso               3000    3000 - 3000  6.00    6.00 - 6.00  -
  nginx                        500     500 - 500    1.00    1.00 - 1.00  -

RSS MiB                        median  quartiles    /nginx  quartiles    /floor  quartiles
  goproxyreverso               0.0     0.0 - 0.0    0.00    0.00 - 0.00  -
  nginx                        3.0     3.0 - 3.0    1.00    1.00 - 1.00  -

connections lost: goproxyreverso 0, nginx 12
`, out.String())
}

// Variants have blocks of their own, with their names.
func TestTableVariants(t *testing.T) {
	r := rig{scenario: large}
	for i, v := range large.variants {
		enter(&r, haproxy, v, cpus(float64(i+1))...)
	}
	rep := report{rig: &r, Results: summarize(&r)}
	var out bytes.Buffer
	writeTable(&out, &rep)
	require.Regexp(t, `CPU µs per request, 64 KiB +median.*\n  haproxy +1\.00 +1\.00 - 1\.00 +- +-\n`, out.String())
	require.Regexp(t, `CPU µs per request, 1 MiB +median.*\n  haproxy +2\.00 +2\.00 - 2\.00 +- +-\n`, out.String())
}

// The first CPU names the model; without a name there is the word for it.
func TestCPUModel(t *testing.T) {
	require.Equal(t, "AMD EPYC", cpuModel("processor\t: 0\nmodel name\t: AMD EPYC\nprocessor\t: 1\nmodel name\t: other\n", "?"))
	require.Equal(t, "?", cpuModel("processor\t: 0\nBogoMIPS\t: 50.00\n", "?"))
}
