// Package proc measures what the processes of a component use, from /proc.
//
// It owns the reading of /proc and the accounting over processes that come and
// go. It does not find out which processes belong together. Every file is
// opened, read and closed within a call, so no descriptor outlives it. A Tracker
// belongs to one goroutine; the functions keep no state.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Root is where the proc file system is mounted.
const Root = "/proc"

// tick is the unit of the times in /proc/PID/stat: USER_HZ is 100 on every
// architecture that Go supports on Linux.
const tick = 10 * time.Millisecond

// Stat is what /proc/PID/stat says of a process.
type Stat struct {
	// CPU is the time on a processor of all threads, those that ended included.
	CPU     time.Duration
	Threads int
	// RSS is in bytes.
	RSS int64
	// Start is when the process began, in ticks since the machine was started.
	Start uint64
}

// IO is what /proc/PID/io says of a process, in bytes that reached or left the
// storage.
type IO struct{ Read, Write uint64 }

// reader reads small files into one buffer.
type reader struct{ buf []byte }

func newReader() *reader { return &reader{buf: make([]byte, 16<<10)} }

// file returns the content of a file up to the size of the buffer; it is valid
// until the next call.
func (r *reader) file(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	n := 0
	for n < len(r.buf) {
		got, err := unix.Read(fd, r.buf[n:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, &os.PathError{Op: "read", Path: path, Err: err}
		}
		if got == 0 {
			break
		}
		n += got
	}
	return r.buf[:n], nil
}

// entries calls f with batches of the names in a folder.
func (r *reader) entries(path string, f func(names []string)) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	for {
		n, err := unix.ReadDirent(fd, r.buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "read", Path: path, Err: err}
		}
		if n <= 0 {
			return nil
		}
		_, _, names := unix.ParseDirent(r.buf[:n], -1, nil)
		f(names)
	}
}

func (r *reader) stat(pid int) (Stat, error) {
	path := Root + "/" + strconv.Itoa(pid) + "/stat"
	data, err := r.file(path)
	if err != nil {
		return Stat{}, err
	}
	s, err := parseStat(data)
	if err != nil {
		return Stat{}, fmt.Errorf("read %s: %w", path, err)
	}
	return s, nil
}

// parseStat reads the line of /proc/PID/stat. The name in brackets may hold
// blanks and brackets itself, so the fields are counted from the last bracket:
// the first one after it is number 3 of proc(5).
func parseStat(line []byte) (Stat, error) {
	end := bytes.LastIndexByte(line, ')')
	if end < 0 {
		return Stat{}, fmt.Errorf("no name in %.80q", line)
	}
	fields := bytes.Fields(line[end+1:])
	if len(fields) < 22 {
		return Stat{}, fmt.Errorf("%d fields after the name, want at least 22", len(fields))
	}
	number := func(field int) uint64 { return parseUint(fields[field-3]) }
	return Stat{
		CPU:     time.Duration(number(14)+number(15)) * tick,
		Threads: int(number(20)),
		Start:   number(22),
		RSS:     int64(number(24)) * int64(os.Getpagesize()),
	}, nil
}

// parseUint reads leading digits; what is no number is 0. It saves the
// conversion to a string that strconv would need.
func parseUint(digits []byte) uint64 {
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

func (r *reader) io(pid int) (IO, error) {
	data, err := r.file(Root + "/" + strconv.Itoa(pid) + "/io")
	if err != nil {
		return IO{}, err
	}
	return parseIO(data), nil
}

func parseIO(data []byte) IO {
	var io IO
	for line := range bytes.Lines(data) {
		name, value, found := bytes.Cut(line, []byte(": "))
		if !found {
			continue
		}
		switch string(name) {
		case "read_bytes":
			io.Read = parseUint(value)
		case "write_bytes":
			io.Write = parseUint(value)
		}
	}
	return io
}

// descriptors counts the open files of a process. Since Linux 6.2 the size of
// the folder is that number; before, the folder is read.
func (r *reader) descriptors(pid int) (int, error) {
	path := Root + "/" + strconv.Itoa(pid) + "/fd"
	var info unix.Stat_t
	if err := unix.Stat(path, &info); err == nil && info.Size > 0 {
		return int(info.Size), nil
	}
	n := 0
	err := r.entries(path, func(names []string) { n += len(names) })
	return n, err
}

// maxThreads bounds the files that are read of one process for its demand.
const maxThreads = 512

// demand returns per thread the time that it ran or waited for a processor.
func (r *reader) demand(pid int) (map[int]time.Duration, error) {
	base := Root + "/" + strconv.Itoa(pid) + "/task"
	var threads []string
	err := r.entries(base, func(names []string) { threads = append(threads, names...) })
	if err != nil {
		return nil, err
	}
	if len(threads) > maxThreads {
		return nil, fmt.Errorf("read %s: %d threads, at most %d are read", base, len(threads), maxThreads)
	}
	out := make(map[int]time.Duration, len(threads))
	for _, name := range threads {
		data, err := r.file(base + "/" + name + "/schedstat")
		if err != nil {
			continue // the thread has ended meanwhile, or the kernel has no schedstat
		}
		run, wait, _ := bytes.Cut(data, []byte(" "))
		tid, _ := strconv.Atoi(name)
		out[tid] = time.Duration(parseUint(run) + parseUint(wait))
	}
	return out, nil
}
