package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/ESousa97/goproxyreverso/engine"
	"github.com/ESousa97/goproxyreverso/pool"
)

// operator speaks to the admin listener of a proxy that runs.
type operator struct {
	addr  string // as admin_addr has it
	token string
	known string // where addr is from, for errors
	http  http.Client
}

// operatorFlags say which proxy is meant, when it is not the one of the
// configuration, and how its answer is shown.
type operatorFlags struct {
	admin, token string
	json         bool
}

func (f *operatorFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.admin, "admin", "", "admin listener to ask, host:port or unix:/path, instead of admin_addr of the configuration")
	cmd.Flags().StringVar(&f.token, "token", "", "admin_token to send; better in the variable PROXY_ADMIN_TOKEN, which other users cannot see")
	cmd.Flags().BoolVar(&f.json, "json", false, "print what the proxy answers, for programs")
}

// request is a request to the admin listener, and where its answer goes.
type request struct {
	method, path string
	body         any // sent as JSON; bytes as they are; nil: none
	answer       any
}

// do sends a request and shows its answer, for people with show.
func (f *operatorFlags) do(s *source, cmd *cobra.Command, r request, show func(io.Writer) error) error {
	o, err := f.operator(s)
	if err != nil {
		return err
	}
	text, err := o.call(cmd.Context(), r)
	if err != nil {
		return err
	}
	if !f.json {
		return show(cmd.OutOrStdout())
	}
	_, err = cmd.OutOrStdout().Write(text)
	return err
}

// operator returns who speaks to the proxy that the flags mean, or else the
// configuration. The token of the configuration goes to its own listener only.
func (f *operatorFlags) operator(s *source) (*operator, error) {
	o := &operator{addr: f.admin, token: cmp.Or(f.token, os.Getenv("PROXY_ADMIN_TOKEN")), known: "it is what --admin says"}
	if f.admin == "" {
		c, err := s.load()
		if err != nil {
			return nil, err
		}
		o.addr, o.token = c.AdminAddr, cmp.Or(f.token, string(c.AdminToken))
		o.known = "it is the admin_addr of " + s.path
	}
	switch {
	case o.addr == "":
		return nil, fmt.Errorf("%s turns the admin listener off: set admin_addr in it and restart the proxy", s.path)
	case strings.HasSuffix(o.addr, ":0"):
		return nil, fmt.Errorf("admin_addr is %s, any port that is free: name the one in the log with --admin", o.addr)
	}
	o.http = http.Client{
		Transport:     &http.Transport{DialContext: o.dial, DisableKeepAlives: true, ResponseHeaderTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return o, nil
}

func (o *operator) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second}
	network, address := engine.Network(o.addr)
	return d.DialContext(ctx, network, address)
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// call sends a request, reads the answer and returns its text too.
func (o *operator) call(ctx context.Context, r request) ([]byte, error) {
	content, isText := r.body.([]byte)
	if r.body != nil && !isText {
		var err error
		if content, err = json.Marshal(r.body); err != nil {
			return nil, err
		}
	}
	// The host is that of the local machine, whatever the way to the listener is.
	req, err := http.NewRequestWithContext(ctx, r.method, "http://localhost"+r.path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if o.token != "" {
		req.Header.Set("Authorization", "Bearer "+o.token)
	}
	resp, err := o.http.Do(req)
	if err != nil {
		return nil, o.explain(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", o.addr, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, o.refused(resp, answer)
	}
	if resp.Header.Get("Server") != engine.AdminServer || json.Unmarshal(answer, r.answer) != nil {
		return nil, o.stranger()
	}
	return answer, nil
}

// stranger is the error about an answer that no proxy gives.
func (o *operator) stranger() error {
	return hint{fmt.Errorf("%s answers, but not like the admin listener of a proxy", o.addr), o.known}
}

// explain says what it means that the listener cannot be asked.
func (o *operator) explain(err error) error {
	var op *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return hint{fmt.Errorf("nobody listens on %s", o.addr), "is the proxy running with this configuration? " + o.known}
	case errors.Is(err, fs.ErrPermission):
		return hint{fmt.Errorf("no permission to use %s", o.addr), "run this as the user of the proxy, or set admin_mode"}
	case errors.As(err, &op) && op.Op == "dial":
		return hint{op, o.known}
	}
	return fmt.Errorf("%s: %w (%s)", o.addr, err, o.known)
}

// refused makes an error of an answer that is one.
func (o *operator) refused(resp *http.Response, answer []byte) error {
	var f engine.Failure
	if json.Unmarshal(answer, &f) != nil || f.Error == "" {
		f.Error, _, _ = strings.Cut(string(answer), "\n")
		f.Error = resp.Status + ": " + f.Error
	}
	lines := strings.Split(f.Error, "\n") // a configuration has many problems
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	err := fmt.Errorf("the proxy at %s refuses: %s", o.addr, strings.Join(lines, "\n"))
	switch {
	case resp.StatusCode == http.StatusConflict && strings.Contains(f.Error, pool.ErrLastEligible.Error()):
		return hint{err, "--force drains it all the same"}
	case resp.StatusCode == http.StatusUnauthorized && o.token == "":
		return hint{err, "set admin_token in the configuration, PROXY_ADMIN_TOKEN or --token"}
	case resp.StatusCode == http.StatusUnauthorized:
		return hint{err, "the proxy runs with another admin_token"}
	}
	return err
}

// printable replaces what could move the cursor of a terminal.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, text)
}
