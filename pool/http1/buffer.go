package http1

import "sync"

// Two sizes of buffer cover every message: a small one holds the head and the
// short body of an ordinary message, a large one moves the body of a long one.
// A head that needs more than the large size gets a buffer of its own.
const (
	SmallBuffer = 4 << 10
	LargeBuffer = 32 << 10
)

// The pools hold pointers to arrays: a slice would be boxed, and so allocated,
// on its way into the pool.
var (
	smallBuffers = sync.Pool{New: func() any { return new([SmallBuffer]byte) }}
	largeBuffers = sync.Pool{New: func() any { return new([LargeBuffer]byte) }}
)

// AcquireBuffer returns a buffer of at least size bytes, of the smallest kind
// that holds them. ReleaseBuffer takes it back.
func AcquireBuffer(size int) []byte {
	switch {
	case size <= SmallBuffer:
		return smallBuffers.Get().(*[SmallBuffer]byte)[:]
	case size <= LargeBuffer:
		return largeBuffers.Get().(*[LargeBuffer]byte)[:]
	default:
		return make([]byte, size)
	}
}

// ReleaseBuffer takes back a buffer of AcquireBuffer, whatever of its length is
// left. The caller keeps no slice of it.
func ReleaseBuffer(b []byte) {
	switch cap(b) {
	case SmallBuffer:
		smallBuffers.Put((*[SmallBuffer]byte)(b[:SmallBuffer]))
	case LargeBuffer:
		largeBuffers.Put((*[LargeBuffer]byte)(b[:LargeBuffer]))
	}
}
