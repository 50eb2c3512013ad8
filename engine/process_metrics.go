package engine

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/VictoriaMetrics/metrics"
)

func init() { metrics.ExposeMetadata(true) }

// writeProcess writes the process and Go families of the metrics library. The
// library leaves the help empty, and the names of three families and the types
// of some others are not what Prometheus expects: this puts that right.
func writeProcess(w io.Writer) {
	var raw bytes.Buffer
	metrics.WriteProcessMetrics(&raw)
	metrics.WriteFDMetrics(&raw)
	out := bufio.NewWriter(w)
	defer out.Flush()
	for line := range strings.Lines(raw.String()) {
		name, rest := strings.TrimRight(line, "\n"), ""
		if fields := strings.Fields(line); len(fields) >= 3 && fields[0] == "#" {
			name, rest = fields[2], strings.Join(fields[3:], " ")
		} else if i := strings.IndexAny(line, "{ "); i >= 0 {
			name = line[:i]
		}
		switch {
		case strings.HasSuffix(name, "_count") && !strings.HasSuffix(name, "_seconds_count"):
			// Three gauges and counters with a name that belongs to histograms.
		case strings.HasPrefix(line, "# HELP "):
			fmt.Fprintf(out, "# HELP %s %s, as github.com/VictoriaMetrics/metrics reads it.\n", name, describe(name))
		case strings.HasPrefix(line, "# TYPE ") && strings.HasSuffix(name, "_total") && rest == "gauge":
			fmt.Fprintf(out, "# TYPE %s counter\n", name)
		default:
			out.WriteString(line)
		}
	}
}

// describe makes a help text of a name.
func describe(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	if rest, ok := strings.CutPrefix(words, "go "); ok {
		return "Of the Go runtime: " + rest
	}
	return "Of the process: " + strings.TrimPrefix(words, "process ")
}
