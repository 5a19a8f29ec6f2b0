// Package loopback finds addresses for servers that are started later, by other
// programs, and perhaps more than once.
//
// A port that was only free a moment ago may be somebody else's by then: the
// kernel gives it to the next who asks for any, or to a connection that goes out.
// Here each port is held by a socket that is bound and does not listen. Servers
// that set SO_REUSEADDR, as all do, still get the port when they ask for it by
// number; nobody gets it by chance. It owns these sockets and nothing else. It
// is safe for concurrent use.
package loopback

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"golang.org/x/sys/unix"
)

// Reserve returns n addresses, 127.0.0.1:port, that differ from each other and
// are kept until this program ends. An error says why the kernel gave none.
func Reserve(n int) ([]string, error) {
	addresses := make([]string, n)
	for i := range addresses {
		port, err := hold()
		if err != nil {
			return nil, fmt.Errorf("reserve a port on the loopback interface: %w", err)
		}
		addresses[i] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	return addresses, nil
}

// hold binds a socket to a port of the kernel's choice and leaves it open.
func hold() (port int, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, unix.Close(fd))
		}
	}()
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	return at.(*unix.SockaddrInet4).Port, nil
}
