package process

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Stat is the part of /proc/PID/stat that the host needs.
type Stat struct {
	// PID, Parent, Group and Session are process numbers.
	PID, Parent, Group, Session int
	// Comm is the short name of the executable, at most 15 bytes, as the process set it: untrusted.
	Comm string
	// State is the kernel's letter: R, S, D, T, t, Z, X, I.
	State byte
	// Ticks is the start time in clock ticks since boot.
	Ticks uint64
}

// ID returns the identity of the process described.
func (s Stat) ID() ID { return ID{PID: s.PID, Ticks: s.Ticks, Boot: Boot()} }

// Dead reports whether the process has ended and merely waits for its parent to notice.
func (s Stat) Dead() bool { return s.State == 'Z' || s.State == 'X' || s.State == 'x' }

// Stopped reports whether a signal such as SIGSTOP holds the process. A process held by a debugger (state t) is not
// stopped in this sense: a person is looking at it.
func (s Stat) Stopped() bool { return s.State == 'T' }

// Read returns the stat of one process, or ErrGone.
func Read(pid int) (Stat, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return Stat{}, fmt.Errorf("read stat of pid %d: %w", pid, ErrGone)
	}
	if err != nil {
		return Stat{}, fmt.Errorf("read stat of pid %d: %w", pid, err)
	}
	return ParseStat(b)
}

// ParseStat reads one line of /proc/PID/stat. The name stands in parentheses and may itself hold spaces and
// parentheses, so the last closing one counts.
func ParseStat(line []byte) (Stat, error) {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return Stat{}, fmt.Errorf("parse stat line %q: no name in parentheses", head(line))
	}
	fields := bytes.Fields(line[end+1:])
	const startTime = 22 - 3 // field numbers of proc(5) count from 1, and the first three are off
	if len(fields) <= startTime || len(fields[0]) != 1 {
		return Stat{}, fmt.Errorf("parse stat line %q: want more than %d fields after the name, got %d", head(line), startTime, len(fields))
	}
	s := Stat{Comm: string(line[open+1 : end]), State: fields[0][0]}
	numbers := []struct {
		text []byte
		into *int
	}{{bytes.TrimSpace(line[:open]), &s.PID}, {fields[1], &s.Parent}, {fields[2], &s.Group}, {fields[3], &s.Session}}
	for _, n := range numbers {
		v, err := strconv.Atoi(string(n.text))
		if err != nil {
			return Stat{}, fmt.Errorf("parse stat line %q: %w", head(line), err)
		}
		*n.into = v
	}
	ticks, err := strconv.ParseUint(string(fields[startTime]), 10, 64)
	if err != nil {
		return Stat{}, fmt.Errorf("parse stat line %q: start time: %w", head(line), err)
	}
	s.Ticks = ticks
	return s, nil
}

func head(b []byte) []byte { return b[:min(len(b), 80)] }

// Table is a picture of all processes, taken one after the other: it is not atomic, so whoever must be sure looks again.
type Table map[int]Stat

// Scan reads the whole process table. Processes that end meanwhile are left out.
func Scan() (Table, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("scan processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("scan processes: %w", err)
	}
	table := make(Table, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if st, err := Read(pid); err == nil {
			table[pid] = st
		}
	}
	return table, nil
}

// Arguments returns the command line of a process, or nil when it has none (kernel threads, zombies) or may not be read.
func Arguments(pid int) []string { return readList(pid, "cmdline") }

// Environment returns the environment that the process was started with, or nil when it may not be read. A process can
// overwrite it (some services put their title there), so absence proves nothing.
func Environment(pid int) []string { return readList(pid, "environ") }

func readList(pid int, file string) []string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + file)
	if err != nil || len(b) == 0 {
		return nil
	}
	var list []string
	for item := range bytes.SplitSeq(bytes.TrimRight(b, "\x00"), []byte{0}) {
		list = append(list, string(item))
	}
	return list
}

func signalName(number int) string {
	if name := unix.SignalName(syscall.Signal(number)); name != "" {
		return name
	}
	return "signal " + strconv.Itoa(number)
}
