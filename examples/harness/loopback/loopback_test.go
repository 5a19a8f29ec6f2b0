package loopback

import (
	"errors"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReservedPortIsForWhoeverAsksForItByNumber(t *testing.T) {
	addresses, err := Reserve(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, a := range addresses {
		if seen[a] || !strings.HasPrefix(a, "127.0.0.1:") || strings.HasSuffix(a, ":0") {
			t.Errorf("got %v, want different addresses with a port", addresses)
		}
		seen[a] = true
	}
	for range 2 { // a server that is started again gets it again
		l, err := net.Listen("tcp", addresses[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := net.Dial("tcp", addresses[0]); err == nil {
		c.Close()
		t.Error("somebody listens on a reserved port")
	}
}

func TestReservedPortIsNotGivenByChance(t *testing.T) {
	addresses, err := Reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	at, err := net.ResolveTCPAddr("tcp", addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	// A connection asks for any port, without SO_REUSEADDR, as bind does here.
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: at.Port, Addr: [4]byte{127, 0, 0, 1}}); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("bind to a reserved port: got %v, want EADDRINUSE", err)
	}
}
