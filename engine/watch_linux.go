package engine

import "golang.org/x/sys/unix"

// pollLeft tells of a peer that has ended its side, also while bytes of it are
// still unread.
const pollLeft = unix.POLLRDHUP
