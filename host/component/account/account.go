// Package account owns who a service runs as, and with what environment. It looks up and checks; it changes nothing.
//
// Concurrency: plain data, and functions without state.
package account

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/homeostat/homeostat/host/component/outlog"
)

// Account is a user that the host becomes for a service. A nil Account is the host's own user.
type Account struct {
	uid, gid uint32
	groups   []uint32
	name     string
	home     string
}

// Lookup returns the account of that name, nil for an empty name or the host's own, and an error when there is no such
// user or the host may not become it.
func Lookup(name string) (*Account, error) {
	if name == "" {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("look up %q: %w", name, err)
	}
	return accountOf(u, os.Geteuid())
}

// accountOf turns a user entry into an account for a host that runs with the effective user id given. It returns nil
// when they are the same, and an error when the host may not become that user.
func accountOf(u *user.User, self int) (*Account, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user id of %q: %w", u.Username, err)
	}
	if int(uid) == self {
		return nil, nil
	}
	if self != 0 {
		return nil, fmt.Errorf("run as %q: only root may run services as another user; start homeostat as root or leave user out", u.Username)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("group id of %q: %w", u.Username, err)
	}
	a := &Account{uid: uint32(uid), gid: uint32(gid), name: u.Username, home: u.HomeDir}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of %q: %w", u.Username, err)
	}
	for _, id := range ids {
		if g, err := strconv.ParseUint(id, 10, 32); err == nil {
			a.groups = append(a.groups, uint32(g))
		}
	}
	return a, nil
}

// Credential returns what the kernel needs; nil stays nil.
func (a *Account) Credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: a.groups}
}

// Owner returns whom an output file is given to; nil stays nil.
func (a *Account) Owner() *outlog.Owner {
	if a == nil {
		return nil
	}
	return &outlog.Owner{UID: int(a.uid), GID: int(a.gid)}
}

// Environment returns the sorted environment of a service that runs as the named user: a few variables of the host,
// because its others may hold secrets or addresses meant for the host alone, then those of the user, then the extra ones.
func Environment(name string, extra map[string]string) []string {
	env := make(map[string]string)
	for _, entry := range os.Environ() {
		key, v, _ := strings.Cut(entry, "=")
		if inherited(key) {
			env[key] = v
		}
	}
	if env["PATH"] == "" {
		env["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	if a, err := Lookup(name); err == nil && a != nil {
		env["HOME"], env["USER"], env["LOGNAME"] = a.home, a.name, a.name
	}
	for key, v := range extra {
		env[key] = v
	}
	list := make([]string, 0, len(env))
	for key, v := range env {
		list = append(list, key+"="+v)
	}
	slices.Sort(list)
	return list
}

func inherited(key string) bool {
	switch key {
	case "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TZ", "TMPDIR", "LANG":
		return true
	}
	return strings.HasPrefix(key, "LC_")
}
