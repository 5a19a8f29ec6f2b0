package trial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/peers/supervisor"
)

// ticksPerSecond is the unit of CPU time in /proc, USER_HZ, which is 100 on
// every Linux that Go runs on.
const ticksPerSecond = 100

// Cost is what a supervisor takes while all is well, all its processes together.
type Cost struct {
	Processes int `json:"processes"`
	// RSS is resident memory in bytes; pages that processes share count twice.
	RSS int64 `json:"rss_bytes"`
	// CPU is the share of one core, in percent.
	CPU float64 `json:"cpu_percent"`
	// Wakeups is how often a second one of its threads went to sleep.
	Wakeups float64 `json:"wakeups_per_second"`
}

// String reads like "2 processes, 30.1 MB, 0.25 % of a core, 12 wake-ups a second".
func (c Cost) String() string {
	return fmt.Sprintf("%d processes, %.1f MB, %.2f %% of a core, %.0f wake-ups a second",
		c.Processes, float64(c.RSS)/1e6, c.CPU, c.Wakeups)
}

// usage is what /proc counts of a set of processes.
type usage struct {
	rss             int64
	ticks, switches int64
}

// idle measures the cost over idleTime, after restTime.
func idle(ctx context.Context, r supervisor.Running) (Cost, error) {
	if err := sleep(ctx, restTime); err != nil {
		return Cost{}, err
	}
	pids := r.PIDs()
	before, err := use(pids)
	if err != nil {
		return Cost{}, err
	}
	begun := time.Now()
	if err := sleep(ctx, idleTime); err != nil {
		return Cost{}, err
	}
	after, err := use(pids)
	seconds := time.Since(begun).Seconds()
	return Cost{
		Processes: len(pids), RSS: after.rss,
		CPU:     100 * float64(after.ticks-before.ticks) / ticksPerSecond / seconds,
		Wakeups: float64(after.switches-before.switches) / seconds,
	}, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func use(pids []int) (usage, error) {
	var sum usage
	for _, pid := range pids {
		folder := filepath.Join("/proc", strconv.Itoa(pid))
		stat, err := os.ReadFile(filepath.Join(folder, "stat"))
		if err != nil {
			return sum, fmt.Errorf("measure process %d: %w", pid, err)
		}
		ticks, pages, err := parseStat(string(stat))
		if err != nil {
			return sum, fmt.Errorf("measure process %d: %w", pid, err)
		}
		switches, err := switchesOf(folder)
		if err != nil {
			return sum, fmt.Errorf("measure process %d: %w", pid, err)
		}
		sum.ticks += ticks
		sum.rss += pages * int64(os.Getpagesize())
		sum.switches += switches
	}
	return sum, nil
}

// parseStat reads CPU time, in ticks, and resident pages from /proc/PID/stat,
// fields 14, 15 and 24 of proc(5). The name in field 2 may contain anything.
func parseStat(stat string) (ticks, pages int64, err error) {
	end := strings.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, 0, fmt.Errorf("no process name in %q", stat)
	}
	fields := strings.Fields(stat[end+1:]) // from field 3 on
	if len(fields) < 22 {
		return 0, 0, fmt.Errorf("too few fields in %q", stat)
	}
	var wrong []error
	number := func(field int) int64 {
		n, err := strconv.ParseInt(fields[field-3], 10, 64)
		wrong = append(wrong, err)
		return n
	}
	ticks, pages = number(14)+number(15), number(24)
	return ticks, pages, errors.Join(wrong...)
}

// switchesOf adds up the voluntary context switches of all threads.
func switchesOf(folder string) (int64, error) {
	tasks, err := os.ReadDir(filepath.Join(folder, "task"))
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, t := range tasks {
		b, err := os.ReadFile(filepath.Join(folder, "task", t.Name(), "status"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the thread has ended since
		}
		if err != nil {
			return 0, err
		}
		_, after, _ := strings.Cut(string(b), "\nvoluntary_ctxt_switches:")
		line, _, _ := strings.Cut(after, "\n")
		n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
