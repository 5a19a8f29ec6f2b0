package forward

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// source tells how much of a connection waits to be read.
type source struct {
	raw syscall.RawConn
	n   int
	err error
	// look is held so that no call makes a new function value.
	look func(fd uintptr) bool
	one  [1]byte
}

func newSource(c *net.TCPConn) (*source, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &source{raw: raw}
	s.look = s.peek
	return s, nil
}

// await blocks in the runtime's poller until there is something to read, and
// returns how many bytes; 0 when the other end has finished.
func (s *source) await() (int, error) {
	s.n, s.err = 0, nil
	if err := s.raw.Read(s.look); err != nil {
		return 0, err
	}
	return s.n, s.err
}

// peek reports false while there is nothing. One byte is looked at, because the
// number of waiting bytes alone is 0 both for nothing yet and for nothing more.
func (s *source) peek(fd uintptr) bool {
	for {
		n, _, err := unix.Recvfrom(int(fd), s.one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return false
		case err != nil:
			s.err = err
			return true
		case n == 0:
			return true
		}
		s.n, s.err = unix.IoctlGetInt(int(fd), unix.SIOCINQ)
		return true
	}
}
