package component

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/component/process"
	"github.com/homeostat/homeostat/host/component/unit"
)

// errNotRunning says that a search was carried out and found no main process.
var errNotRunning = errors.New("it does not run")

// find looks for the main process of a component that somebody else starts.
func find(ctx context.Context, s Spec) (process.ID, error) {
	switch s.Kind {
	case Pidfile:
		return findByPidfile(s.Pidfile)
	case Match:
		return findByMatch(s.Match)
	case Unit:
		return findByUnit(ctx, s.Unit)
	default:
		return process.ID{}, errNotRunning
	}
}

// staleSlack is how much later than its pidfile a process may seem to have started: a parent may write the file, and
// the two clocks differ a little.
const staleSlack = 5 * time.Second

// findByPidfile reads the number and makes sure that it is meant: a process that began long after the file was written
// has merely been given a dead one's number.
func findByPidfile(path string) (process.ID, error) {
	const most = 64
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return process.ID{}, fmt.Errorf("%w: there is no pidfile %s", errNotRunning, path)
	}
	if err != nil {
		return process.ID{}, fmt.Errorf("look at the pidfile: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return process.ID{}, fmt.Errorf("read the pidfile %s: want a regular file of at most %d bytes", path, most)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return process.ID{}, fmt.Errorf("read the pidfile: %w", err)
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil || pid <= 1 {
		return process.ID{}, fmt.Errorf("%w: the pidfile %s holds %q, want a process number", errNotRunning, path, bytes.TrimSpace(text))
	}
	id, err := process.Identify(pid)
	if errors.Is(err, process.ErrGone) || err == nil && !id.Alive() {
		return process.ID{}, fmt.Errorf("%w: the pidfile %s names pid %d, which is gone", errNotRunning, path, pid)
	}
	if err != nil {
		return process.ID{}, err
	}
	age, err := id.Age()
	if err != nil {
		return process.ID{}, err
	}
	if written := time.Since(info.ModTime()); age+staleSlack < written {
		return process.ID{}, fmt.Errorf("%w: the pidfile %s was written %v before the process %d that has its number now", errNotRunning, path, (written - age).Round(time.Second), pid)
	}
	return id, nil
}

// findByMatch looks for the oldest process that matches and whose parent does not, because children often share the
// command line of their parent. The host and its descendants do not count.
func findByMatch(pattern string) (process.ID, error) {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return process.ID{}, fmt.Errorf("match: %w", err)
	}
	table, err := process.Scan()
	if err != nil {
		return process.ID{}, err
	}
	matching := make(map[int]bool)
	for pid, st := range table {
		matching[pid] = !st.Dead() && !below(table, pid, os.Getpid()) && expression.MatchString(strings.Join(process.Arguments(pid), " "))
	}
	var roots []process.Stat
	for pid, st := range table {
		if matching[pid] && !matching[st.Parent] {
			roots = append(roots, st)
		}
	}
	if len(roots) == 0 {
		return process.ID{}, fmt.Errorf("%w: no command line matches %q", errNotRunning, pattern)
	}
	oldest := slices.MinFunc(roots, func(a, b process.Stat) int {
		if a.Ticks != b.Ticks {
			return int(min(max(int64(a.Ticks)-int64(b.Ticks), -1), 1))
		}
		return a.PID - b.PID
	})
	return oldest.ID(), nil
}

// below reports whether a process is the given one or descends from it. A component of our own that is matched by another
// name is found all the same, because a session leader is not counted as ours.
func below(table process.Table, pid, ancestor int) bool {
	for range len(table) {
		if pid == ancestor {
			return true
		}
		st, ok := table[pid]
		if !ok || st.Session == pid {
			return false
		}
		pid = st.Parent
	}
	return false
}

func findByUnit(ctx context.Context, name string) (process.ID, error) {
	pid, err := unit.Main(ctx, name)
	if errors.Is(err, unit.ErrNoMain) {
		return process.ID{}, fmt.Errorf("%w: %w", errNotRunning, err)
	}
	if err != nil {
		return process.ID{}, err
	}
	id, err := process.Identify(pid)
	if errors.Is(err, process.ErrGone) {
		return process.ID{}, fmt.Errorf("%w: %w", errNotRunning, err)
	}
	return id, err
}
