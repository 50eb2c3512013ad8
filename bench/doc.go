//go:build linux

// Command bench measures the proxy beside its peers, on this machine, now.
//
//	go run ./bench -scenario small,latency
//	go run ./bench -scenario all -rounds 9
//	go run ./bench compare -base main~1
//
// # Method
//
// Backends answer from memory. In front of them stand the contenders, each a
// process of its own that runs for a whole scenario: the proxy of this
// repository, built first; nginx, HAProxy and caddy; and httputil, which is the
// reverse proxy of Go's own library with as little around it as it works with.
// Their settings ask the same of all as far as they have it: least connections
// over the backends, kept connections, a limit per client address that never
// triggers, forwarded headers, health checks, one CPU, no access log. Stock
// caddy and httputil have no such limit, httputil takes its backends in turn,
// nginx and httputil have no health checks.
//
// Over TLS they all show one certificate, made for the run, with an ECDSA key
// on the curve P-256. What else they speak is settled by the load generators,
// which offer one version at a time, X25519 for the key exchange and
// AES-128-GCM; a contender that chooses something else is not measured. wrk is
// told so by OpenSSL's configuration. It resumes sessions, so where each
// request is to have a whole handshake, the rig asks with clients of its own.
// Like others they take the session tickets that a contender makes, but they
// forget them, and each of their connections is checked for all that was to be
// the same. nginx makes one ticket instead of two, as Go does; HAProxy has no
// such setting.
//
// The contender "direct" is a backend without a proxy: how much the load
// generators can ask for at all. "floor" is no proxy either. It copies bytes between two sockets and
// looks at none of them: what is left when all work of a proxy is taken away but
// that of the kernel. Its distance to a contender is what that contender could
// still save.
//
// Where there are two CPUs or more, the contenders share the first and nothing
// else of ours runs there; backends and load generators have the others. The
// placement is inherited from the thread that starts a process, so that it
// holds from the process's first instruction on.
//
// Every contender must give the expected answer before anything is counted, and
// is warmed up. Then come several short rounds. Within a round each contender
// has one turn, and each round begins with another one. What a turn is, is the
// scenario's [method]: [saturate], [constantRate], [idle] or [coldStart].
//
// The tables show the median over the rounds and the quartiles around it. The
// ratios to nginx and to the floor are taken inside each round, where both sides
// met the same machine, and it is the median of those ratios that is shown.
//
// # What the numbers say, and what they do not
//
// CPU per request is the number to compare. It is the CPU time of the
// contender's process tree, read from the kernel before and after the load. Time
// that another program took away is not counted, and what disturbs the caches
// disturbs all contenders, as their turns are seconds apart on the same CPU. A
// difference smaller than the quartiles are apart is none.
//
// Absolute times mean nothing beyond this machine and this hour. Load
// generator, backends and contenders share one memory, one cache and often one
// virtual machine; over loopback there is no network card, and the kernel
// charges much of the receiver's work to the sender. Requests per second tell a
// contender's speed only when the line "CPU in use" is near 100 %; below that
// the load side was the limit, and a contender that is not kept busy finds less
// to do each time it wakes, which makes its requests a little dearer. A whole
// handshake over TLS costs the client about as much as the contender: there the
// load side is soon the limit. Latencies of the scenarios that saturate are
// those of a client that waits for an answer before it asks again; only the
// scenario latency has a client that does not wait. RSS counts pages that the
// processes of one tree share once for each, and does not count what the kernel
// holds for a socket. One CPU says nothing about how a contender grows with
// more of them.
//
// Each scenario leaves NAME.json with all rounds, machine, versions and command
// line, and NAME.txt with the table and what the load generators printed. A
// chart of all scenarios that are there is drawn beside them.
//
// # Before and after a change
//
// The subcommand compare builds the proxy twice, from another commit and from
// the files as they are, and measures only those two, in many short rounds with
// alternating order. Both are started anew for every round, because a process
// keeps for life the luck it has with its memory.
//
// # Adding to it
//
// A [scenario] is what is asked for, a [contender] is who is asked, a [method]
// is how, a [figure] is what comes out. Each is one value in one file; scenarios
// and contenders are named in the list of their kind.
package main
