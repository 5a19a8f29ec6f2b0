// Package find owns how the main process of a service is found that somebody else starts: by its pidfile, its command
// line or its systemd unit. It only looks.
//
// Concurrency: functions without state.
package find

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

// ErrNotRunning says that a search was carried out and found no main process. Any other error says that it could not be
// carried out, so that nothing is known.
var ErrNotRunning = errors.New("it does not run")

// staleSlack is how much later than its pidfile a process may seem to have started: a parent may write the file, and
// the two clocks differ a little.
const staleSlack = 5 * time.Second

// ByPidfile reads the number and makes sure that it is meant: a process that began long after the file was written
// has merely been given a dead one's number.
func ByPidfile(path string) (process.ID, error) {
	const most = 64
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return process.ID{}, fmt.Errorf("%w: there is no pidfile %s", ErrNotRunning, path)
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
		return process.ID{}, fmt.Errorf("%w: the pidfile %s holds %q, want a process number", ErrNotRunning, path, bytes.TrimSpace(text))
	}
	id, err := process.Identify(pid)
	if errors.Is(err, process.ErrGone) || err == nil && !id.Alive() {
		return process.ID{}, fmt.Errorf("%w: the pidfile %s names pid %d, which is gone", ErrNotRunning, path, pid)
	}
	if err != nil {
		return process.ID{}, err
	}
	age, err := id.Age()
	if err != nil {
		return process.ID{}, err
	}
	if written := time.Since(info.ModTime()); age+staleSlack < written {
		return process.ID{}, fmt.Errorf("%w: the pidfile %s was written %v before the process %d that has its number now", ErrNotRunning, path, (written - age).Round(time.Second), pid)
	}
	return id, nil
}

// ByMatch looks for the oldest process that matches and whose parent does not, because children often share the
// command line of their parent. The host and its descendants do not count.
func ByMatch(pattern string) (process.ID, error) {
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
		return process.ID{}, fmt.Errorf("%w: no command line matches %q", ErrNotRunning, pattern)
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

// ByUnit asks systemd for the main process of the unit.
func ByUnit(ctx context.Context, name string) (process.ID, error) {
	pid, err := unit.Main(ctx, name)
	if errors.Is(err, unit.ErrNoMain) {
		return process.ID{}, fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	if err != nil {
		return process.ID{}, err
	}
	id, err := process.Identify(pid)
	if errors.Is(err, process.ErrGone) {
		return process.ID{}, fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	return id, err
}
