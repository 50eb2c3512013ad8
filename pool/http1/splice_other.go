//go:build !linux

package http1

// splice needs Linux.
func splice(_, _ *Conn, _ int64, _ func(int64)) (moved int64, ok bool, srcErr, dstErr error) {
	return 0, false, nil, nil
}
