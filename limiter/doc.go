// Package limiter answers one question: may this client go on?
//
// Each client may send Rate requests a second on average and Burst at once. The rule is the
// generic cell rate algorithm (GCRA) of ITU-T I.371 and the ATM Forum's traffic management
// specification, in its virtual scheduling form. A client is described by one instant, its
// theoretical arrival time (TAT): the moment at which everything it was granted is paid for, one
// request per interval of 1/Rate. A grant moves the TAT one interval on, counted from now if it
// lay in the past; a request is limited if that would put the TAT more than Burst intervals
// ahead of now.
//
// # The word
//
// One instant fits into one 64-bit word, beside a tag that says whose it is, so a decision is one
// compare-and-swap and a client that is limited writes nothing. There is no lock, no allocation
// and no sweeper: a TAT that lies in the past says the same as no TAT at all, so an old word can
// be given to another client, and forgetting is exact.
//
// The TAT is counted in ticks. An interval is a whole number of them, a power of two, so no Rate
// is rounded. Ticks are as fine as 44 bits for Lifetime allow: 9 to 18 microseconds, and never
// longer than an interval. Requests within one tick count as simultaneous. That is all the
// rounding there is: a window of length t sees at most Burst + Rate*(t + one tick) grants, and a
// client is limited at most one tick longer than exact arithmetic would have it.
//
// # The set
//
// The table is an array of sets, a set is one cache line of eight words. A key names its set and
// its tag; a decision reads that one line. The memory is fixed at construction, at two to four
// words for each of MaxClients. Two clients of one set whose tags are equal share a budget; with
// 20 bits of tag and a set half full, about four newcomers in a million meet that.
//
// A newcomer takes the word with the smallest TAT, and only if that lies in the past. Why always the
// smallest, when any word of the past would do, is told at the method find of a set.
//
// # The overflow
//
// In a set full of live clients a newcomer evicts nobody and gets no budget of its own. It is
// charged to one of a few overflow words that all such newcomers share, under the same Rate and
// Burst, until a word of its set is in the past. A flood of addresses is thus granted no more than
// the words of the table and the overflow allow, and makes nobody forgotten who is being limited.
//
// # Another rate
//
// When Rate or Burst change, no client starts afresh: Change moves the table, set by set, to a new
// Limiter, while requests go on. A word that has moved holds a mark that is larger than any TAT, so to
// move it is one more swap that makes it larger, and what is said about swaps at the method find holds for
// it too. Who meets the mark asks the new Limiter.
//
// # Time
//
// Time is a parameter: how long a monotonic clock has run since some fixed start. Callers may be late,
// because one was preempted between reading the clock and asking, say. What a client gets in all is
// bounded by the earliest and the latest time shown on its behalf, in whatever order they come.
package limiter
