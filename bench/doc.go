//go:build linux

// Command bench measures the proxy beside its peers, on this machine, now.
//
//	go run ./bench
//	go run ./bench -rounds 3 -duration 1s -contenders goproxyreverso,nginx
//
// # Method
//
// Two backends answer from memory. In front of them stand the contenders, each
// a process of its own that runs for the whole measurement: the proxy of this
// repository, built first, and nginx and HAProxy with settings that ask the
// same of them: least connections over both backends, kept connections, a rate
// limit that never triggers, forwarded headers, one CPU, no access log. The
// contender "direct" is a third backend that is asked without any proxy: what a
// server costs that only answers.
//
// Where there are two CPUs or more, the contenders share the first and nothing
// else of ours runs there; backends and load generators have the others. The
// placement is inherited from the thread that starts a process, so that it
// holds from the process's first instruction on.
//
// Every contender must give the expected answer before anything is counted, and
// is warmed up. Then come several short rounds. Within a round each contender
// has one turn, and each round begins with another one. A turn is
//
//   - wrk, as fast as it gets answers over kept connections: requests per
//     second, and the CPU time that the contender's process tree used
//     meanwhile, divided by the requests wrk counted;
//   - vegeta, at a constant rate far below what the contenders can do: the
//     latencies a client sees that does not wait for the answer before it sends
//     the next request. The percentiles are those of the answers with status
//     2xx; everything else counts as an error;
//   - the resident memory of the process tree.
//
// The table shows medians over the rounds. A ratio to nginx is taken inside
// each round and the median is that of the ratios.
//
// # What the numbers say, and what they do not
//
// CPU per request is the number to compare. Contenders have their turns seconds
// apart on the same CPU, so what disturbs the machine disturbs all of them, and
// time that another program took away is not counted. The column "spread", the
// distance from the cheapest round to the dearest as a share of the median,
// says how far to trust it: a difference smaller than the spread is none.
//
// Absolute times mean nothing beyond this machine and this hour. Load generator,
// backends and contenders share one memory, one cache and often one virtual
// machine; over loopback there is no network card, and the kernel charges much
// of the receiver's work to the sender. Requests per second tell a contender's
// speed only when the column "CPU" is near 100 %; below that the load side was
// the limit, and a contender that is not kept busy finds less to do each time it
// wakes, which makes its requests a little dearer. The 99.9th percentile rests on a few samples a round. RSS counts
// pages that the processes of one tree share once for each. One CPU says
// nothing about how a contender grows with more of them.
//
// The rig writes all rounds as JSON, with machine, versions and command line;
// -raw keeps what wrk and vegeta printed.
//
// # Adding to it
//
// A [scenario] is what is asked for, a [contender] is who is asked. Each is one
// value in one file, named in the list of its kind.
package main
