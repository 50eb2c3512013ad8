//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// readyTime is how long a process may take from its start to its first right
	// answer.
	readyTime = 15 * time.Second

	// askAgain is the time between two attempts to get it, and so how exact the
	// time of a start is.
	askAgain = 500 * time.Microsecond
)

// awaitAnswer waits until the process gives the right answer at addr to what the
// variant asks.
func awaitAnswer(ctx context.Context, p *process, v variant, addr string) error {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: v.clientTLS()}}
	deadline := time.After(readyTime)
	again := time.NewTicker(askAgain)
	defer again.Stop()
	for {
		wrong := v.ask(ctx, &client, addr)
		if wrong == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-p.ended:
			return p.failure()
		case <-deadline:
			return fmt.Errorf("%s: no right answer in %s: %w\n%s", p.cmd.Path, readyTime, wrong, tail(p.output))
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ask makes the variant's request to addr and returns what is wrong with the
// answer.
func (v variant) ask(ctx context.Context, client *http.Client, addr string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url(addr), nil)
	if v.body > 0 {
		request, err = http.NewRequestWithContext(ctx, http.MethodPost, v.url(addr), bytes.NewReader(zeros[:v.body]))
	}
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if v.tls != 0 {
		if err := v.agreed(answer.TLS); err != nil {
			return err
		}
	}
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return v.check(answer, got)
}

// check returns what is wrong with an answer and its body.
func (v variant) check(answer *http.Response, got []byte) error {
	want, ok := bodyOf(v.path)
	if v.body > 0 {
		want, ok = strconv.AppendInt(nil, int64(v.body), 10), true
	}
	switch {
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("status %d: %q", answer.StatusCode, got[:min(len(got), 200)])
	case !ok:
		return fmt.Errorf("backends have no answer to %s", v.path)
	case !bytes.Equal(got, want):
		return fmt.Errorf("a body of %d bytes that is not the backend's %d", len(got), len(want))
	}
	return nil
}

func (v variant) url(addr string) string {
	if v.tls != 0 {
		return "https://" + addr + v.path
	}
	return "http://" + addr + v.path
}
