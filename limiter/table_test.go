package limiter

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestTableIsCacheLines(t *testing.T) {
	// A set is exactly one cache line, whatever the size of the table, and so is an overflow word.
	require.EqualValues(t, cacheLine, unsafe.Sizeof(set{}))
	require.EqualValues(t, cacheLine, unsafe.Sizeof(overflowWord{}))
	for clients := 1; clients <= 1<<18; clients = clients*3/2 + 1 {
		l := New(Config{Rate: 1, Burst: 1, MaxClients: clients, IPv6Prefix: 64})
		require.Zero(t, uintptr(unsafe.Pointer(&l.sets[0]))%cacheLine, "table for %d clients", clients)
		require.Zero(t, uintptr(unsafe.Pointer(&l.overflow[0]))%cacheLine)
		words := len(l.sets) * setWords
		require.GreaterOrEqual(t, words, 2*clients)
		require.Less(t, words, max(4*clients, setWords+1))
		require.Equal(t, words*8+overflowWords*cacheLine, l.Bytes())
	}
}

func TestClientsCountsTheLive(t *testing.T) {
	// A client counts as long as something it was granted is not paid for.
	l := New(Config{Rate: 10, Burst: 2, MaxClients: 1000, IPv6Prefix: 64})
	require.Equal(t, 0, l.Clients(0))
	for i := range 5 {
		l.Allow(keyOf(i+1)+uint64(i%3), 0)
	}
	l.Allow(keyOf(1), 0)
	require.Equal(t, 5, l.Clients(0))
	require.Equal(t, 5, l.Clients(99*time.Millisecond))
	require.Equal(t, 1, l.Clients(100*time.Millisecond))
	require.Equal(t, 0, l.Clients(200*time.Millisecond))
}

func TestClientsDoNotShareBudgets(t *testing.T) {
	// Clients of one set have a budget each, as long as the set has room.
	l := small(10, 3)
	for i := range setWords { // a tag of 0 is like any other
		require.Equal(t, 3, ask(l, keyOf(i), 0, 5))
	}
	require.Equal(t, setWords, l.Clients(0))
}

func TestFullSetUsesTheOverflow(t *testing.T) {
	// In a full set no live client is evicted, and all newcomers of one overflow word share one budget.
	l := small(10, 3)
	for i := range setWords {
		require.Equal(t, 3, ask(l, keyOf(i+1), 0, 3))
	}
	granted := 0
	for i := range 1000 { // a multiple of overflowWords apart: all share a word
		granted += ask(l, keyOf((i+1)*overflowWords), 0, 5)
	}
	require.Equal(t, 3, granted)
	require.Positive(t, l.Allow(keyOf(overflowWords), 0).RetryAfter)
	for i := range setWords {
		require.Zero(t, ask(l, keyOf(i+1), 99*time.Millisecond, 5), "client %d has been forgotten", i+1)
	}
	// The shared budget is refilled at the rate of one client.
	require.Equal(t, 1, ask(l, keyOf(overflowWords), 100*time.Millisecond, 1))
	require.Equal(t, 0, ask(l, keyOf(2*overflowWords), 100*time.Millisecond, 1))
	// When the clients of the set have paid, newcomers have budgets of their own again.
	for i := range setWords {
		require.Equal(t, 3, ask(l, keyOf(100+i), time.Second, 5))
	}
}

func TestNewcomerTakesTheOldestWord(t *testing.T) {
	// Whoever has been paid up longest is forgotten first, and nobody before that.
	l := small(10, 1)
	for i := range setWords { // the third client is the oldest, the fourth the next
		l.Allow(keyOf(i+1), time.Duration((i+setWords-2)%setWords)*time.Millisecond)
	}
	const paid = 100 * time.Millisecond
	l.Allow(keyOf(20), paid-1)
	require.Equal(t, []uint64{1, 2, 3, 4, 5, 6, 7, 8}, tags(l))
	l.Allow(keyOf(21), paid)
	require.Equal(t, []uint64{1, 2, 21, 4, 5, 6, 7, 8}, tags(l))
	l.Allow(keyOf(22), time.Hour)
	require.Equal(t, []uint64{1, 2, 21, 22, 5, 6, 7, 8}, tags(l))
}

func TestForgettingIsExact(t *testing.T) {
	// Whenever a client has a word of its own, the only one, the word says what it would say if nobody
	// had ever been forgotten, although clocks differ and others come between a choice and its swap.
	const clients, callers = 12, 4
	random := rand.New(rand.NewPCG(7, 8))
	for range 100 {
		l := small(MaxRate, 1+random.IntN(3))
		remembered := map[uint64]uint64{}
		type choice struct {
			word            *word
			seen, tag, tick uint64
		}
		var made [callers]choice
		for tick := range uint64(500) {
			c := &made[random.IntN(callers)]
			if tat := max(c.seen&tatMask, c.tick) + l.interval; c.word != nil && c.word.CompareAndSwap(c.seen, c.tag<<tatBits|tat) {
				require.Equal(t, max(remembered[c.tag], c.tick)+l.interval, tat, "forgotten too early")
				remembered[c.tag] = tat
			}
			c.word, c.tag, c.tick = nil, uint64(random.IntN(clients)), tick/2+uint64(random.IntN(20))
			w, seen := l.sets[0].find(c.tag)
			if mayTake(seen, c.tag, c.tick) && max(seen&tatMask, c.tick)+l.interval <= c.tick+l.tolerance {
				c.word, c.seen = w, seen
			}
			used := tags(l)
			slices.Sort(used)
			require.Len(t, slices.Compact(slices.Clone(used)), len(used), "a client has two words: %v", used)
		}
	}
}

// tags returns whose the words in use are, in a limiter made by small.
func tags(l *Limiter) (tags []uint64) {
	for i := range l.sets[0] {
		if w := l.sets[0][i].Load(); w != 0 {
			tags = append(tags, w>>tatBits)
		}
	}
	return tags
}

func TestFlood(t *testing.T) {
	// A million addresses change neither the memory of the table nor the fate of a client that is limited.
	l := New(Config{Rate: 1, Burst: 5, MaxClients: 262_144, IPv6Prefix: 64})
	flood := rand.New(rand.NewPCG(1, 2))
	const client, started = uint64(42<<tatBits | 4711), time.Minute
	require.Equal(t, 5, ask(l, client, started, 9))

	bytes, before := l.Bytes(), heap()
	now := started
	for i := range 1_000_000 {
		now = started + time.Duration(i)*time.Microsecond
		l.Allow(flood.Uint64(), now)
		if i%1000 == 0 {
			require.Zero(t, ask(l, client, now, 3), "let in early, after %v", now-started)
		}
	}
	require.Equal(t, 1, ask(l, client, started+time.Second, 3))
	require.Equal(t, 1, ask(l, client, started+2*time.Second, 3))

	require.Equal(t, bytes, l.Bytes())
	require.Less(t, heap(), before+1<<20)
	require.Greater(t, l.Clients(now), l.MaxClients())
	t.Logf("%d clients live in a table of %d bytes", l.Clients(now), l.Bytes())
}

func TestFloodGetsBoundedBudgets(t *testing.T) {
	// However many addresses ask, no more is granted than the words of the table and the overflow hold.
	l := New(Config{Rate: 0.001, Burst: 3, MaxClients: 64, IPv6Prefix: 64})
	flood := rand.New(rand.NewPCG(3, 4))
	granted := 0
	for range 100_000 {
		granted += ask(l, flood.Uint64(), time.Minute, 4)
	}
	require.Equal(t, 3*(len(l.sets)*setWords+overflowWords), granted)
	require.Equal(t, len(l.sets)*setWords, l.Clients(time.Minute))
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
