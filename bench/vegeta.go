//go:build linux

package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// vegetaWorkers is how many requests vegeta has open at a time at most: when
// answers come too late for that it falls behind its rate.
const vegetaWorkers = 1024

// latencies are what vegeta measured.
type latencies struct {
	sorted []time.Duration // of the answers with status 2xx
	errors int             // all other attempts
}

// attack asks an entrant at the rig's rate, whether or not answers come.
func (r *rig) attack(ctx context.Context, e *entrant) error {
	targets := filepath.Join(r.dir, "vegeta.targets")
	if err := os.WriteFile(targets, []byte("GET "+e.variant.url(e.addr)+"\n"), 0o644); err != nil {
		return err
	}
	return r.vegeta(ctx, "vegeta.log", "attack", "-targets", targets, "-output", r.attempts(),
		"-rate", strconv.Itoa(r.rate), "-duration", r.set.duration.String(),
		"-timeout", patience.String(),
		"-max-workers", strconv.Itoa(vegetaWorkers),
		"-max-body", "0")
}

// attempts is the file that vegeta writes its own records to.
func (r *rig) attempts() string { return filepath.Join(r.dir, "vegeta.bin") }

// attackResult reads what came out of the last attack.
func (r *rig) attackResult(ctx context.Context) (latencies, error) {
	if err := r.vegeta(ctx, "vegeta.txt", "report", r.attempts()); err != nil {
		return latencies{}, err
	}
	r.note("%s", head(filepath.Join(r.dir, "vegeta.txt")))
	if err := r.vegeta(ctx, "vegeta.csv", "encode", "-to", "csv", r.attempts()); err != nil {
		return latencies{}, err
	}
	f, err := os.Open(filepath.Join(r.dir, "vegeta.csv"))
	if err != nil {
		return latencies{}, err
	}
	defer f.Close()
	return parseVegeta(f)
}

func (r *rig) vegeta(ctx context.Context, output string, args ...string) error {
	return execute(ctx, command{
		args:   append([]string{r.kit.tools["vegeta"]}, args...),
		cpus:   r.kit.cpus.load,
		output: filepath.Join(r.dir, output),
	})
}

// head returns the beginning of a report, which can have as many lines as there
// were errors.
func head(path string) []byte {
	const most = 1200
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return text[:min(len(text), most)]
}

// parseVegeta reads what "vegeta encode -to csv" prints: an attempt a line, with
// the status as second and the nanoseconds as third field. Vegeta's own report
// has no 99.9th percentile.
func parseVegeta(r io.Reader) (latencies, error) {
	var l latencies
	lines := csv.NewReader(r)
	lines.ReuseRecord = true
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return latencies{}, fmt.Errorf("vegeta: %w", err)
		}
		if len(fields) < 3 {
			return latencies{}, fmt.Errorf("vegeta: not an attempt: %q", fields)
		}
		status, err := strconv.Atoi(fields[1])
		if err != nil {
			return latencies{}, fmt.Errorf("vegeta: status: %w", err)
		}
		nanoseconds, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return latencies{}, fmt.Errorf("vegeta: latency: %w", err)
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
func (l latencies) permille(n int) time.Duration {
	if len(l.sorted) == 0 {
		return 0
	}
	rank := (len(l.sorted)*n + 999) / 1000 // nearest rank, counted from one
	return l.sorted[max(rank, 1)-1]
}
