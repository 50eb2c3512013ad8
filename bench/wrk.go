//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"
)

// patience is how long a load generator waits for an answer before it counts an
// error.
const patience = 5 * time.Second

// throughput is what wrk counted.
type throughput struct {
	requests  int
	perSecond float64
	errors    int // failed connections, reads and writes, time-outs, and answers beyond 3xx
}

// runWrk asks for url as fast as answers come, over the given number of
// connections. What wrk prints stays in the file c.output.
func runWrk(ctx context.Context, c command, url string, set settings) (throughput, error) {
	c.args = []string{
		c.args[0], "-t1", // One thread is one CPU's worth of load, which is all that the contender has.
		"-c", strconv.Itoa(set.connections),
		"-d", fmt.Sprintf("%ds", set.duration/time.Second),
		"--timeout", fmt.Sprintf("%ds", patience/time.Second),
		url,
	}
	if err := execute(ctx, c); err != nil {
		return throughput{}, err
	}
	text, err := os.ReadFile(c.output)
	if err != nil {
		return throughput{}, err
	}
	return parseWrk(string(text))
}

var (
	wrkRequests  = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	wrkPerSecond = regexp.MustCompile(`(?m)^Requests/sec:\s+([\d.]+)`)
	wrkErrors    = []*regexp.Regexp{
		regexp.MustCompile(`(?m)^\s*Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`),
		regexp.MustCompile(`(?m)^\s*Non-2xx or 3xx responses: (\d+)`),
	}
)

// parseWrk reads what wrk prints at its end. It leaves lines out that would say
// zero errors.
func parseWrk(text string) (throughput, error) {
	requests, perSecond := wrkRequests.FindStringSubmatch(text), wrkPerSecond.FindStringSubmatch(text)
	if requests == nil || perSecond == nil {
		return throughput{}, fmt.Errorf("wrk: no result in its output:\n%s", text)
	}
	var t throughput
	var err error
	if t.requests, err = strconv.Atoi(requests[1]); err != nil {
		return throughput{}, fmt.Errorf("wrk: requests: %w", err)
	}
	if t.perSecond, err = strconv.ParseFloat(perSecond[1], 64); err != nil {
		return throughput{}, fmt.Errorf("wrk: requests per second: %w", err)
	}
	for _, kind := range wrkErrors {
		for i, count := range kind.FindStringSubmatch(text) {
			if i == 0 {
				continue
			}
			n, err := strconv.Atoi(count)
			if err != nil {
				return throughput{}, fmt.Errorf("wrk: errors: %w", err)
			}
			t.errors += n
		}
	}
	return t, nil
}
