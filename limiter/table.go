package limiter

import (
	"math/bits"
	"sync/atomic"
)

const (
	cacheLine = 64 // bytes
	setWords  = 8

	tatBits = 44
	tatMask = 1<<tatBits - 1

	overflowWords = 64 // a power of two
)

// A word holds a client's tag, the upper 20 bits of its key, and below it the client's TAT in ticks.
// A word that is 0 was never used.
type word = atomic.Uint64

// A set is the words of one cache line. They come into use from the first to the last and are
// never empty again.
type set [setWords]word

// An overflowWord has a cache line of its own, so that unrelated clients do not slow each other.
type overflowWord struct {
	word
	_ [cacheLine - 8]byte
}

// newSets makes a table of two to four words per client. The length is a power of two, which also
// makes the allocator align it to cache lines.
func newSets(clients int) []set {
	words := 1 << bits.Len(uint(2*clients-1))
	return make([]set, max(words/setWords, 1))
}

// find returns the word of the client called tag, or if there is none the word that it must take
// over if it takes any: the one with the smallest TAT, the first of several. It also returns what
// the word held, for a compare-and-swap.
//
// Taking the smallest, not just any word of the past, keeps a client from having two words, and so
// two budgets, and makes forgetting exact even for callers whose clocks disagree. A choice that
// depends on the caller's clock does neither. The argument rests on this: every successful swap
// makes the TAT of its word larger, an owner's because it adds an interval, a newcomer's because it
// does so to a time not before the old TAT. So a word never holds the same value twice, and a swap
// succeeds only if nothing happened to the word since it was read.
//
// No two words. Let P put a client into word X and Q put it into another word Y, each having read
// the whole set without finding it. Order words by TAT, then by position: P read X below Y, Q read
// Y below X. Suppose that P read Y before Q's swap and Q read X before P's swap. The X that Q read
// was then not above the X that P read, which is what P's swap replaced; likewise the Y that P
// read was not above the Y that Q read. Hence X(P) < Y(P) <= Y(Q) < X(Q) <= X(P), a contradiction.
// So one of the two, say Q, read the other's word after the other's swap. It did not find the
// client there, so the client had been evicted before. Two swaps of one word come in some order,
// and the same follows for the later.
//
// Exact forgetting. Whoever evicts a client with some TAT has found no smaller TAT in the set, and
// words only grow, so from then on no TAT in the set is smaller. The client can come back only by
// taking a word that lies in the past for its caller, so by then its own forgotten TAT would lie in
// the past for that caller too, however late the caller's clock is.
//
// The scan ends at a word that was never used. Its TAT is the smallest there is, and no word behind
// it was in use when it was read.
func (s *set) find(tag uint64) (*word, uint64) {
	first, seen, least := 0, uint64(0), uint64(tatMask+1)
	for i := range s {
		w := s[i].Load()
		if w>>tatBits == tag {
			return &s[i], w
		}
		if tat := w & tatMask; tat < least {
			first, seen, least = i, w, tat
		}
		if w == 0 {
			break
		}
	}
	return &s[first], seen
}

// live counts the words whose TAT lies after tick.
func (s *set) live(tick uint64) int {
	n := 0
	for i := range s {
		if s[i].Load()&tatMask > tick {
			n++
		}
	}
	return n
}
