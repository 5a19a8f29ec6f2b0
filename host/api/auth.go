package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"

	"golang.org/x/sys/unix"
)

// Role is what a caller may do. Each role includes those before it, apart from
// two: Reporter reports alerts and does nothing else, and Agent reads and
// proposes only.
type Role int

// The roles, weakest first.
const (
	RoleNone Role = iota
	RoleReporter
	RoleViewer
	RoleAgent
	RoleOperator
	RoleAdmin
)

var roleNames = [...]string{"none", "reporter", "viewer", "agent", "operator", "admin"}

// String returns the role's name.
func (r Role) String() string {
	if r < 0 || int(r) >= len(roleNames) {
		return "none"
	}
	return roleNames[r]
}

// ParseRole reads a role's name; "none" is not a role that can be given.
func ParseRole(text string) (Role, error) {
	for i, name := range roleNames {
		if i > 0 && name == text {
			return Role(i), nil
		}
	}
	return RoleNone, fmt.Errorf("role %q: want one of %s", text, strings.Join(roleNames[1:], ", "))
}

// Identity is who makes a request.
type Identity struct {
	Name string
	Role Role
}

// Tokens resolves a bearer token. A false answer means that the token is
// unknown, revoked or expired; the caller does not learn which.
type Tokens interface {
	Lookup(token string) (Identity, bool)
	// Known finds the identity of a name that Lookup gave out, as it is now.
	Known(name string) (Identity, bool)
}

type connKey struct{}

// rememberConn keeps the connection, so that its peer can be asked for.
func rememberConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// peerIdentity maps the user at the other end of a unix socket: root and the
// daemon's own user are admins; whoever else the socket's group lets in is an
// operator.
func peerIdentity(c *net.UnixConn, ownUID int) (Identity, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return Identity{}, fmt.Errorf("ask the socket for its peer: %w", err)
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil {
		return Identity{}, fmt.Errorf("ask the socket for its peer: %w", err)
	}
	if credErr != nil {
		return Identity{}, fmt.Errorf("ask the socket for its peer: %w", credErr)
	}
	id := Identity{Name: fmt.Sprintf("uid:%d", cred.Uid), Role: RoleOperator}
	if cred.Uid == 0 || int(cred.Uid) == ownUID {
		id.Role = RoleAdmin
	}
	return id, nil
}

// identify finds out who sent a request. The zero Identity is a stranger.
func (s *Server) identify(r *http.Request) Identity {
	if c, ok := r.Context().Value(connKey{}).(*net.UnixConn); ok {
		id, err := peerIdentity(c, s.opt.UID)
		if err != nil {
			s.opt.Log.Warn("peer of the socket is unknown, request is treated as a stranger's", "error", err)
			return Identity{}
		}
		return id
	}
	const scheme = "Bearer "
	header := r.Header.Get("Authorization")
	if header == "" {
		return s.signedIn(r)
	}
	if len(header) <= len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return Identity{}
	}
	id, ok := s.opt.Services.Tokens.Lookup(strings.TrimSpace(header[len(scheme):]))
	if !ok {
		return Identity{}
	}
	return id
}
