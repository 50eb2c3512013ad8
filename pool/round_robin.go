package pool

import (
	"container/heap"
	"sync/atomic"
)

// maxSchedule bounds the memory of a schedule. Weights whose sum is larger are
// scaled down to it, none below one turn.
const maxSchedule = 1 << 16

// roundRobin takes the backends in turn, each as often as its weight says and
// its turns spread evenly: a schedule is made once, a pick is one atomic add.
type roundRobin struct {
	schedule []*Backend
	turn     *atomic.Uint64
}

func newRoundRobin(list []candidate, turn *atomic.Uint64) Picker {
	return &roundRobin{schedule: spread(list), turn: turn}
}

func (r *roundRobin) Pick() *Backend {
	return r.schedule[r.turn.Add(1)%uint64(len(r.schedule))]
}

// spread returns each backend as often as its weight, reduced by what all
// weights have in common. Its k-th turn may come from k/weight of the round on
// and is due at (k+1)/weight; of those that may come the one that is due first
// does. So a backend is never a whole turn ahead of its share nor behind it: it
// does not bunch its turns, whatever the weights of the others are.
func spread(list []candidate) []*Backend {
	weights := reduce(list)
	total := int64(0)
	early, ready := &turns{}, &turns{late: 1}
	for i, c := range list {
		total += weights[i]
		early.Push(&turn{backend: c.backend, weight: weights[i], place: i})
	}
	schedule := make([]*Backend, 0, total)
	for now := range total {
		for early.Len() > 0 && early.list[0].taken*total <= now*early.list[0].weight {
			heap.Push(ready, heap.Pop(early))
		}
		next := heap.Pop(ready).(*turn)
		schedule = append(schedule, next.backend)
		next.taken++
		heap.Push(early, next)
	}
	return schedule
}

// reduce divides the weights by their greatest common divisor, and scales them
// down when the schedule would still be too long.
func reduce(list []candidate) []int64 {
	divisor, total := int64(0), int64(0)
	for _, c := range list {
		divisor = gcd(divisor, c.weight)
		total += c.weight
	}
	total /= divisor
	weights := make([]int64, len(list))
	for i, c := range list {
		weights[i] = c.weight / divisor
		if total > maxSchedule {
			weights[i] = max(1, weights[i]*maxSchedule/total)
		}
	}
	return weights
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// turn is the next turn of one backend while a schedule is made.
type turn struct {
	backend *Backend
	weight  int64
	taken   int64
	place   int
}

// turns is a heap. On top is the turn that may come first or, when late is 1, the
// one that is due first. Without any taken all may come, which is a heap already.
type turns struct {
	list []*turn
	late int64
}

func (t *turns) Len() int      { return len(t.list) }
func (t *turns) Swap(i, j int) { t.list[i], t.list[j] = t.list[j], t.list[i] }
func (t *turns) Push(x any)    { t.list = append(t.list, x.(*turn)) }

func (t *turns) Pop() any {
	last := t.list[len(t.list)-1]
	t.list = t.list[:len(t.list)-1]
	return last
}

func (t *turns) Less(i, j int) bool {
	a, b := t.list[i], t.list[j]
	x, y := (a.taken+t.late)*b.weight, (b.taken+t.late)*a.weight
	return x < y || x == y && a.place < b.place
}
