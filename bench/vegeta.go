//go:build linux

package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"
)

// latency is what vegeta measured.
type latency struct {
	sorted []time.Duration // of the answers with status 2xx
	errors int             // all other attempts
}

// runVegeta asks for url at a constant rate, whether or not answers come. The
// attempts, one a line, stay in the file c.output.
func runVegeta(ctx context.Context, c command, url string, set settings) (latency, error) {
	vegeta, csvPath := c.args[0], c.output
	targets, results := csvPath+".target.tmp", csvPath+".bin.tmp"
	defer os.Remove(targets)
	defer os.Remove(results)
	if err := os.WriteFile(targets, []byte("GET "+url+"\n"), 0o644); err != nil {
		return latency{}, err
	}
	attack := c
	attack.args = []string{
		vegeta, "attack", "-targets", targets, "-output", results,
		"-rate", strconv.Itoa(set.rate), "-duration", set.duration.String(),
		"-timeout", patience.String(),
		"-max-workers", "4096", // A contender that hangs must not fill the memory.
		"-max-body", "0",
	}
	if err := execute(ctx, attack); err != nil {
		return latency{}, err
	}
	encode := c
	encode.args = []string{vegeta, "encode", "-to", "csv", results}
	if err := execute(ctx, encode); err != nil {
		return latency{}, err
	}
	f, err := os.Open(csvPath)
	if err != nil {
		return latency{}, err
	}
	defer f.Close()
	return parseVegeta(f)
}

// parseVegeta reads what "vegeta encode -to csv" prints: an attempt a line, with
// the status as second and the nanoseconds as third field. Vegeta's own report
// has no 99.9th percentile.
func parseVegeta(r io.Reader) (latency, error) {
	var l latency
	lines := csv.NewReader(r)
	lines.ReuseRecord = true
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return latency{}, fmt.Errorf("vegeta: %w", err)
		}
		if len(fields) < 3 {
			return latency{}, fmt.Errorf("vegeta: not an attempt: %q", fields)
		}
		status, err := strconv.Atoi(fields[1])
		if err != nil {
			return latency{}, fmt.Errorf("vegeta: status: %w", err)
		}
		nanoseconds, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return latency{}, fmt.Errorf("vegeta: latency: %w", err)
		}
		if status < 200 || status > 299 {
			l.errors++
			continue
		}
		l.sorted = append(l.sorted, time.Duration(nanoseconds))
	}
	slices.Sort(l.sorted)
	return l, nil
}

// permille returns the latency that n of 1000 answers did not exceed, zero when
// there was no answer.
func (l latency) permille(n int) time.Duration {
	if len(l.sorted) == 0 {
		return 0
	}
	rank := (len(l.sorted)*n + 999) / 1000 // nearest rank, counted from one
	return l.sorted[max(rank, 1)-1]
}
