package component

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

// account is who a service runs as.
type account struct {
	uid, gid uint32
	groups   []uint32
	name     string
	home     string
}

// credential looks up an account. It returns nil for the host's own.
func credential(name string) (*account, error) {
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
func accountOf(u *user.User, self int) (*account, error) {
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
	a := &account{uid: uint32(uid), gid: uint32(gid), name: u.Username, home: u.HomeDir}
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

// credential returns what the kernel needs; nil stays nil.
func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: a.groups}
}

// owner returns whom an output file is given to; nil stays nil.
func (a *account) owner() *outlog.Owner {
	if a == nil {
		return nil
	}
	return &outlog.Owner{UID: int(a.uid), GID: int(a.gid)}
}

// environment returns the sorted environment of a service without its mark: a few variables of the host, because its
// others may hold secrets or addresses meant for the host alone, then those of the account, then those of the spec.
func environment(s Spec) []string {
	env := make(map[string]string)
	for _, entry := range os.Environ() {
		key, v, _ := strings.Cut(entry, "=")
		if inherited(key) {
			env[key] = v
		}
	}
	if _, ok := env["PATH"]; !ok {
		env["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	if a, err := credential(s.User); err == nil && a != nil {
		env["HOME"], env["USER"], env["LOGNAME"] = a.home, a.name, a.name
	}
	for key, v := range s.Env {
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
