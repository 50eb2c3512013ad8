package engine

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// canPark reports whether connections can be parked on this system.
const canPark = true

// parking waits for the parked connections of an engine.
type parking struct {
	engine *Engine
	epoll  int // waits for all of them
	alarm  int // ends its wait, for close

	mu     sync.Mutex
	closed bool
	conns  map[int32]*parked // by descriptor
	queue  []*parked         // in the order in which their time is over; some are not parked any more
	fresh  int               // parked since memory was given back
	last   time.Time         // when the last one was parked
}

// open makes ready to park. When it fails, nothing is parked.
func (p *parking) open(e *Engine) error {
	p.engine, p.conns = e, make(map[int32]*parked)
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if p.alarm, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = unix.Close(p.epoll)
		return os.NewSyscallError("eventfd", err)
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(p.alarm)}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, p.alarm, &event); err != nil {
		_ = unix.Close(p.epoll)
		_ = unix.Close(p.alarm)
		return os.NewSyscallError("epoll_ctl", err)
	}
	return nil
}

// add takes a connection over from c, and reports whether it did.
func (p *parking) add(c *conn, pc *parked) (ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	_ = pc.nc.SetDeadline(time.Time{})
	err := c.control.Control(func(fd uintptr) {
		event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: int32(fd)}
		if unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, int(fd), &event) != nil {
			return
		}
		p.conns[int32(fd)] = pc
		ok = true
	})
	if err != nil || !ok {
		return false
	}
	p.queue = append(p.queue, pc)
	p.fresh++
	p.last = time.Now()
	p.engine.conns.replace(c)
	return true
}

// take takes the connection of a descriptor out, nil when it is not parked.
func (p *parking) take(fd int32) *parked {
	p.mu.Lock()
	defer p.mu.Unlock()
	pc := p.conns[fd]
	if pc == nil {
		return nil
	}
	p.forget(fd)
	return pc
}

// forget takes a descriptor out; p.mu is held.
func (p *parking) forget(fd int32) {
	delete(p.conns, fd)
	_ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, int(fd), nil)
}

// len returns the number of parked connections.
func (p *parking) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// parkTick is how often the parked connections are looked through for those whose
// time is over, while nothing happens on them.
const parkTick = time.Second

// run waits for parked connections until close, and resumes them.
func (p *parking) run() {
	events := make([]unix.EpollEvent, 256)
	for swept := time.Now(); ; {
		n, err := unix.EpollWait(p.epoll, events, int(parkTick/time.Millisecond))
		if err != nil && err != unix.EINTR {
			p.engine.log.Error("parked connections", "error", err)
			return
		}
		for _, ev := range events[:max(n, 0)] {
			if pc := p.take(ev.Fd); pc != nil {
				p.engine.resume(pc)
			}
		}
		if now := time.Now(); now.Sub(swept) >= parkTick || p.isClosed() {
			swept = now
			if p.sweep(now) {
				return
			}
		}
	}
}

func (p *parking) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// sweep closes connections whose time is over, after close all of them, and
// reports whether run has to end.
func (p *parking) sweep(now time.Time) (over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) > 0 && (p.closed || now.After(p.queue[0].until)) {
		pc := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		p.end(pc)
	}
	if p.closed {
		_ = unix.Close(p.epoll)
		_ = unix.Close(p.alarm)
		return true
	}
	p.giveBack(now)
	return false
}

// end closes a connection if it is still parked; p.mu is held.
func (p *parking) end(pc *parked) {
	fd := int32(-1)
	if pc.control.Control(func(f uintptr) { fd = int32(f) }) != nil || p.conns[fd] != pc {
		return // it is served, or closed already
	}
	p.forget(fd)
	pc.close()
	p.engine.conns.release()
}

// Memory that parking has freed goes back to the system when so many connections
// were parked since the last time and none lately: it takes a garbage collection.
const (
	giveBackAfter = 256
	giveBackQuiet = 3 * time.Second
)

// giveBack gives freed memory back to the system, in the background.
func (p *parking) giveBack(now time.Time) {
	if p.fresh < giveBackAfter || now.Sub(p.last) < giveBackQuiet {
		return
	}
	p.fresh = 0
	p.engine.background.Go(func() {
		runtime.GC() // the buffers in pools go with the second collection
		debug.FreeOSMemory()
	})
}

// close makes run resume what is ready, close the rest and end. It may be called
// more than once.
func (p *parking) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	_, _ = unix.Write(p.alarm, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}
