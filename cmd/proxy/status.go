package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ESousa97/goproxyreverso/engine"
)

func newStatus(s *source) *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how a running proxy and its backends are",
		Long: `Status asks the proxy that runs with the configuration, over its admin listener.
Rates and latencies are those of the last ten seconds. It exits with 0 when the
proxy answered, whatever the state of the backends.`,
		Example: `  proxy status --config /etc/proxy.yaml
  proxy status --admin 127.0.0.1:9901 --json
  watch proxy status`,
		Args: noArgs,
	}
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var status engine.Status
		return f.do(s, cmd, request{"GET", "/status", nil, &status}, func(w io.Writer) error {
			return printStatus(w, &status, time.Now())
		})
	}
	return cmd
}

// printStatus prints a status for people.
func printStatus(w io.Writer, s *engine.Status, now time.Time) error {
	ready := "ready"
	if !s.Ready {
		ready = "NOT READY: " + s.NotReady
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row(t, "proxy", fmt.Sprintf("%s, pid %d, up %s, %s", s.Version, s.PID, length(now.Sub(s.Started)), ready))
	if !s.Config.ReloadOK {
		row(t, "config", "THE LAST RELOAD FAILED, that of "+length(now.Sub(s.Config.Loaded))+" ago is in use")
	}
	for _, l := range s.Listen {
		row(t, l.Setting, l.Addr)
	}
	row(t, "clients", fmt.Sprintf("%d of %d connections (%d idle), %d requests in progress, %d tunnels",
		s.Clients.Connections, s.Clients.MaxConnections, s.Clients.Parked, s.Clients.Inflight, s.Clients.Tunnels))
	if s.Limiter != nil {
		row(t, "limiter", fmt.Sprintf("%d of %d clients", s.Limiter.Clients, s.Limiter.MaxClients))
	}
	row(t, "requests", fmt.Sprintf("%d, and %d of them answered by the proxy itself", s.Totals.Requests, rejected(s)))
	row(t)
	row(t, "POOL", "BACKEND", "STATE", "FOR", "WEIGHT", "INFLIGHT", "CONNS", "REQ/S", "P50", "P99", "REQUESTS", "ERRORS", "WHY")
	for i := range s.Pools {
		printPool(t, &s.Pools[i], now)
	}
	if len(s.Changes) > 0 {
		row(t)
		row(t, "AGO", "POOL", "BACKEND", "CHANGE", "WHY")
	}
	for _, c := range s.Changes[:min(len(s.Changes), 10)] {
		row(t, length(now.Sub(c.Time)), c.Pool, c.Backend, c.Old+" to "+loud(c.New), c.Why)
	}
	return t.Flush()
}

func printPool(t io.Writer, p *engine.PoolStatus, now time.Time) {
	for i := range p.Backends {
		b := &p.Backends[i]
		weight, why := strconv.Itoa(b.Weight), ""
		if b.Weight != b.ConfiguredWeight {
			weight += fmt.Sprintf(" instead of %d", b.ConfiguredWeight)
		}
		if b.Backup {
			weight += " backup"
		}
		if b.State != up {
			why = b.Why
		}
		row(t, p.Name, b.Addr, loud(b.State), length(now.Sub(b.Since)), weight, strconv.FormatInt(b.Inflight, 10),
			fmt.Sprintf("%d/%d", b.Connections, b.MaxConns), perSecond(b.Recent.PerSecond), seconds(b.Recent.P50), seconds(b.Recent.P99),
			strconv.FormatUint(b.Requests, 10), strconv.FormatUint(b.Errors, 10), why)
	}
}

// row writes one line of a table.
func row(t io.Writer, cells ...string) {
	for i := range cells {
		cells[i] = printable(cells[i])
	}
	_, _ = io.WriteString(t, strings.Join(cells, "\t")+"\n") // Flush returns the error
}

const up = "up"

// loud makes the states that an operator looks for stand out, without colours.
func loud(state string) string {
	if state == up {
		return state
	}
	return strings.ToUpper(state)
}

func rejected(s *engine.Status) (n uint64) {
	for _, of := range s.Totals.Rejected {
		n += of
	}
	return n
}

func perSecond(rate float64) string { return strconv.FormatFloat(rate, 'f', 1, 64) }

// seconds shows a latency with two or three digits.
func seconds(s *float64) string {
	if s == nil {
		return "-"
	}
	d := time.Duration(*s * float64(time.Second))
	for unit := time.Microsecond; ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
}

// length shows a time span by its two largest units.
func length(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch days, hours := d/(24*time.Hour), d%(24*time.Hour)/time.Hour; {
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%dm", hours, d%time.Hour/time.Minute)
	}
	return d.String()
}
