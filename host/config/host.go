package config

import (
	"os"
	"os/user"
	"path/filepath"
)

// Host is what the defaults and the checks need to know of the machine and of the user who runs the daemon.
type Host struct {
	// Root says that the daemon runs with user id 0.
	Root bool
	// Systemd says that systemd is process 1.
	Systemd bool
	// User is the name of the user who runs the daemon.
	User string
	// HasUser reports whether a user of that name exists; nil means every name is taken to exist.
	HasUser func(name string) bool
	// StateHome is the folder for state of a user who is not root, RuntimeDir the one for sockets. Either may be empty.
	StateHome, RuntimeDir string
}

// ThisHost looks at the running process and its environment.
func ThisHost() Host {
	host := Host{Root: os.Geteuid() == 0, HasUser: hasUser, StateHome: os.Getenv("XDG_STATE_HOME"), RuntimeDir: os.Getenv("XDG_RUNTIME_DIR")}
	if me, err := user.Current(); err == nil {
		host.User = me.Username
	}
	if home, err := os.UserHomeDir(); err == nil && host.StateHome == "" {
		host.StateHome = filepath.Join(home, ".local", "state")
	}
	// The same test as sd_booted(3): the folder exists where systemd runs the machine.
	if info, err := os.Lstat("/run/systemd/system"); err == nil {
		host.Systemd = info.IsDir()
	}
	return host
}

func hasUser(name string) bool {
	_, err := user.Lookup(name)
	return err == nil
}

// stateDir is the default of state.dir; without any home it is a folder beside the config file.
func (h Host) stateDir(folder string) string {
	switch {
	case h.Root:
		return "/var/lib/homeostat"
	case h.StateHome != "":
		return filepath.Join(h.StateHome, "homeostat")
	default:
		return filepath.Join(folder, "state")
	}
}

// socketPath is the default of socket.path; without a runtime folder the socket lies in the state folder.
func (h Host) socketPath(stateDir string) string {
	switch {
	case h.Root:
		return "/run/homeostat/homeostat.sock"
	case h.RuntimeDir != "":
		return filepath.Join(h.RuntimeDir, "homeostat", "homeostat.sock")
	default:
		return filepath.Join(stateDir, "homeostat.sock")
	}
}
