//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// wrk is load by the program of that name.
func (r *rig) wrk(ctx context.Context, e *entrant, duration time.Duration) (throughput, error) {
	c := command{
		args: []string{
			r.kit.tools["wrk"], "-t1", // One thread is one CPU's worth of load, which is all that the contender has.
			"-c", strconv.Itoa(e.variant.connections),
			"-d", fmt.Sprintf("%ds", duration/time.Second),
			"--timeout", fmt.Sprintf("%ds", patience/time.Second),
			"--latency",
		},
		cpus:   r.kit.cpus.load,
		output: filepath.Join(r.dir, "wrk.txt"),
	}
	if e.variant.closing {
		c.args = append(c.args, "-H", "Connection: close")
	}
	if e.variant.tls != 0 {
		config := filepath.Join(r.dir, "openssl.cnf")
		if err := os.WriteFile(config, []byte(e.variant.opensslConfig()), 0o644); err != nil {
			return throughput{}, err
		}
		c.env = []string{"OPENSSL_CONF=" + config}
	}
	if e.variant.body > 0 {
		script := filepath.Join(r.dir, "wrk.lua")
		if err := os.WriteFile(script, []byte(wrkScript(e.variant.body)), 0o644); err != nil {
			return throughput{}, err
		}
		c.args = append(c.args, "-s", script)
	}
	c.args = append(c.args, e.variant.url(e.addr))
	if err := execute(ctx, c); err != nil {
		return throughput{}, err
	}
	text, err := os.ReadFile(c.output)
	if err != nil {
		return throughput{}, err
	}
	r.note("%s", text)
	return parseWrk(string(text))
}

// wrkScript lets wrk send a body of so many bytes.
func wrkScript(body int) string {
	return fmt.Sprintf(`wrk.method = "POST"
wrk.body = string.rep("x", %d)
wrk.headers["Content-Type"] = "application/octet-stream"
`, body)
}

var (
	wrkRequests  = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	wrkPerSecond = regexp.MustCompile(`(?m)^Requests/sec:\s+([\d.]+)`)
	wrkP50       = regexp.MustCompile(`(?m)^\s*50%\s+(\S+)`)
	wrkP99       = regexp.MustCompile(`(?m)^\s*99%\s+(\S+)`)
	wrkErrors    = []*regexp.Regexp{
		regexp.MustCompile(`(?m)^\s*Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`),
		regexp.MustCompile(`(?m)^\s*Non-2xx or 3xx responses: (\d+)`),
	}
)

// parseWrk reads what wrk prints at its end. It leaves lines out that would say
// zero errors.
func parseWrk(text string) (throughput, error) {
	var t throughput
	var err error
	field := func(at *regexp.Regexp) string {
		found := at.FindStringSubmatch(text)
		if found == nil {
			err = fmt.Errorf("wrk: no result in its output:\n%s", text)
			return ""
		}
		return found[1]
	}
	requests, perSecond, half, most := field(wrkRequests), field(wrkPerSecond), field(wrkP50), field(wrkP99)
	if err != nil {
		return throughput{}, err
	}
	if t.requests, err = strconv.Atoi(requests); err != nil {
		return throughput{}, fmt.Errorf("wrk: requests: %w", err)
	}
	if t.perSecond, err = strconv.ParseFloat(perSecond, 64); err != nil {
		return throughput{}, fmt.Errorf("wrk: requests per second: %w", err)
	}
	if t.p50, err = time.ParseDuration(half); err != nil {
		return throughput{}, fmt.Errorf("wrk: latency: %w", err)
	}
	if t.p99, err = time.ParseDuration(most); err != nil {
		return throughput{}, fmt.Errorf("wrk: latency: %w", err)
	}
	t.errors, err = parseWrkErrors(text)
	return t, err
}

func parseWrkErrors(text string) (sum int, err error) {
	for _, kind := range wrkErrors {
		counts := kind.FindStringSubmatch(text)
		for _, count := range counts[min(1, len(counts)):] {
			n, err := strconv.Atoi(count)
			if err != nil {
				return 0, fmt.Errorf("wrk: errors: %w", err)
			}
			sum += n
		}
	}
	return sum, nil
}
