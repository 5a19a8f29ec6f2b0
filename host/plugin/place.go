package plugin

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/homeostat/homeostat/host/plugin/runner"
)

// defaultUser is who plugins run as where the daemon is root.
const defaultUser = "nobody"

// identityOf looks the plugins' user up; nil where the daemon is not root.
func identityOf(name string) (*runner.Identity, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	if name == "" {
		name = defaultUser
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("find the user that plugins run as: %w", err)
	}
	uid, uidError := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidError := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidError, gidError); err != nil {
		return nil, fmt.Errorf("find the user that plugins run as: %s: %w", name, err)
	}
	return &runner.Identity{UID: uint32(uid), GID: uint32(gid)}, nil
}

// maxSocketDir leaves room for what go-plugin appends: a unix socket's path has
// at most 107 bytes (unix(7)), of which "/plugin-dirN/pluginN" takes 41.
const maxSocketDir = 60

// shortTemp is the temporary folder, or /tmp where that one's path is too long
// for sockets below it.
func shortTemp() string {
	const random = 24 // bytes of the name that MkdirTemp makes
	if dir := os.TempDir(); len(dir) <= maxSocketDir-random {
		return dir
	}
	return "/tmp"
}

// openSockets makes an empty folder that plugins can enter and not list. Each
// plugin gets a folder of its own in it, which only it and the daemon can open.
func openSockets(dir string, identity *runner.Identity) (string, error) {
	if dir == "" || identity != nil && !reachable(filepath.Dir(dir)) {
		var err error
		if dir, err = os.MkdirTemp(shortTemp(), "homeostat-"); err != nil {
			return "", fmt.Errorf("make the folder for plugin sockets: %w", err)
		}
	}
	if len(dir) > maxSocketDir {
		return "", fmt.Errorf("the folder for plugin sockets %s has %d bytes, at most %d are possible", dir, len(dir), maxSocketDir)
	}
	err := errors.Join(os.MkdirAll(dir, 0o711), os.Chmod(dir, 0o711))
	if err != nil {
		return "", fmt.Errorf("make the folder for plugin sockets: %w", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("empty the folder for plugin sockets: %w", err)
	}
	for _, entry := range left {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return "", fmt.Errorf("empty the folder for plugin sockets: %w", err)
		}
	}
	return dir, nil
}

// reachable reports whether every user may pass through dir and all above it.
// Folders that are not there yet are made by MkdirAll with rights for all, but
// for the umask.
func reachable(dir string) bool {
	const enter = 0o001
	for {
		info, err := os.Stat(dir)
		if err == nil && info.Mode().Perm()&enter == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}
