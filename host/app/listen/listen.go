// Package listen opens the sockets of the daemon: a private unix socket and,
// where wanted, a TCP one.
//
// It owns their paths, modes and what is said when they cannot be had. It
// serves nothing.
package listen

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// maxPath is the longest path of a unix socket on Linux (sun_path, with its
// closing zero).
const maxPath = 107

// Unix opens the socket at path for the daemon's user and, unless group is
// empty, for that group. A leftover socket that nobody answers on is replaced;
// one that answers belongs to another daemon and is an error.
func Unix(path, group string) (net.Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("open socket %s: the path has %d bytes and Linux allows %d: set a shorter [socket] path", path, len(path), maxPath)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("open socket %s: %w; set another [socket] path", path, err)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w; set another [socket] path", err)
	}
	if group != "" {
		if err := share(path, group); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("open socket %s: something else is there (%v): remove it, or set another [socket] path", path, info.Mode().Type())
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return fmt.Errorf("open socket %s: another daemon answers on it: stop that one, or set another [socket] path", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("open socket: remove what an earlier daemon left: %w", err)
	}
	return nil
}

func share(path, group string) error {
	g, err := user.LookupGroup(group)
	if err != nil {
		return fmt.Errorf("open socket %s for group %s: %w: make the group, or empty [socket] group", path, group, err)
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return fmt.Errorf("open socket %s for group %s: group id %q is no number", path, group, g.Gid)
	}
	if err := errors.Join(os.Chown(path, -1, gid), os.Chmod(path, 0o660)); err != nil {
		return fmt.Errorf("open socket for group %s: %w", group, err)
	}
	return nil
}

// TCP opens a TCP address.
func TCP(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: the port is taken: stop who uses it (ss -ltnp), set another [dashboard] listen, or [dashboard] enabled = false", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; set another [dashboard] listen, or [dashboard] enabled = false", address, err)
	}
	return l, nil
}

// Certificate reads a certificate and its key; both empty means none.
func Certificate(certFile, keyFile string) (*tls.Certificate, error) {
	if certFile == "" && keyFile == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("read [dashboard] tls_cert and tls_key: %w", err)
	}
	return &cert, nil
}
