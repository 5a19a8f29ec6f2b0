package confine

import (
	"errors"
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Enter gives up every right that p does not keep, in an order in which each step
// is still allowed. What could not be had is in the status, never silent.
func Enter(p Policy) Status {
	var s Status
	s.Note(Rlimits, setRlimits(p))
	s.Note(NoNewPrivs, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	s.Note(Landlock, restrictFiles(p))
	s.Note(Seccomp, restrictCalls(p.Calls))
	return s
}

func setRlimits(p Policy) error {
	var errs []error
	for _, l := range []struct {
		name     string
		resource int
		value    uint64
	}{
		{"core", unix.RLIMIT_CORE, 0},
		{"data", unix.RLIMIT_DATA, p.Data},
		{"fsize", unix.RLIMIT_FSIZE, p.FileSize},
		{"nofile", unix.RLIMIT_NOFILE, p.OpenFiles},
		{"cpu", unix.RLIMIT_CPU, p.CPUSeconds},
	} {
		limit := unix.Rlimit{Cur: l.value, Max: l.value}
		if err := unix.Setrlimit(l.resource, &limit); err != nil {
			errs = append(errs, fmt.Errorf("rlimit %s = %d: %w", l.name, l.value, err))
		}
	}
	return errors.Join(errs...)
}

// guestRead leaves out the right to execute, which landlock's own RODirs includes.
const (
	guestRead  = landlock.AccessFSSet(ll.AccessFSReadFile | ll.AccessFSReadDir)
	guestWrite = guestRead | landlock.AccessFSSet(ll.AccessFSWriteFile|ll.AccessFSTruncate|
		ll.AccessFSMakeReg|ll.AccessFSMakeDir|ll.AccessFSRemoveFile|ll.AccessFSRemoveDir)
	readFile  = landlock.AccessFSSet(ll.AccessFSReadFile)
	writeFile = readFile | landlock.AccessFSSet(ll.AccessFSWriteFile|ll.AccessFSTruncate)
)

// restrictFiles uses as much of Landlock as the kernel has: files from 5.13, TCP
// from 6.7, signals and abstract sockets from 6.12.
func restrictFiles(p Policy) error {
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		return fmt.Errorf("the kernel offers no landlock: %w", err)
	}
	if version < 1 {
		return errors.New("the kernel offers no landlock")
	}
	var rules []landlock.Rule
	for _, path := range p.Read {
		rules = append(rules, pathRule(path, guestRead, readFile))
	}
	for _, path := range p.Write {
		rules = append(rules, pathRule(path, guestWrite, writeFile))
	}
	for _, path := range p.Exec {
		rules = append(rules, landlock.RODirs(path).IgnoreIfMissing())
	}
	return landlock.V6.BestEffort().Restrict(rules...)
}

// pathRule grants folder rights to a folder and file rights to anything else:
// Landlock refuses folder rights on a file.
func pathRule(path string, dir, file landlock.AccessFSSet) landlock.Rule {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return landlock.PathAccess(file, path)
	}
	return landlock.PathAccess(dir, path).IgnoreIfMissing()
}
