//go:build linux

package main

import "strconv"

// A figure is one of the numbers that a turn gives.
type figure struct {
	key   string // in the JSON, with its unit
	title string // in the table

	unit     float64 // what the table divides by; 0 is 1
	decimals int     // in the table

	// kind says what is made of the numbers of all rounds.
	kind figureKind
}

type figureKind int

const (
	compared  figureKind = iota // medians, quartiles and ratios
	mentioned                   // the median
	counted                     // the sum, as a median would hide what happened once
)

var (
	cpuPerRequest = figure{key: "cpu_us_per_request", title: "CPU µs per request", decimals: 2}
	perSecond     = figure{key: "requests_per_second", title: "requests per second"}

	p50  = figure{key: "p50_us", title: "p50 latency µs"}
	p99  = figure{key: "p99_us", title: "p99 latency µs"}
	p999 = figure{key: "p999_us", title: "p99.9 latency µs"}

	residentMemory = figure{key: "rss_bytes", title: "RSS MiB", unit: 1 << 20, decimals: 1}
	busyMemory     = figure{key: "bytes_per_connection_at_once", title: "bytes per connection, at once"}
	silentMemory   = figure{key: "bytes_per_connection_silent", title: "bytes per connection, silent"}

	startTime  = figure{key: "start_us", title: "start to first answer ms", unit: 1000, decimals: 1}
	binarySize = figure{key: "binary_bytes", title: "binary MiB", unit: 1 << 20, decimals: 1}

	rateReached = figure{key: "requests_sent_per_second", title: "requests per second", kind: mentioned}

	cpuShare = figure{key: "cpu_share", title: "CPU in use %", unit: 0.01, kind: mentioned}
	failures = figure{key: "errors", title: "errors", kind: counted}
	lost     = figure{key: "connections_lost", title: "connections lost", kind: counted}
)

// text shows a value of the figure, in the table's unit.
func (f figure) text(value float64) string {
	if f.unit != 0 {
		value /= f.unit
	}
	return strconv.FormatFloat(value, 'f', f.decimals, 64)
}

// sample is what one turn of one entrant gave: values by the key of a figure.
type sample map[string]float64
