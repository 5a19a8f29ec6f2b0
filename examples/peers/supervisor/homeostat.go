package supervisor

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/homeostat/homeostat/examples/harness/daemon"
)

var homeostat = Supervisor{Name: "homeostat", Notices: true, start: startHomeostat}

func startHomeostat(ctx context.Context, t Task) (Running, error) {
	d, err := daemon.Start(ctx, daemon.Options{Bin: t.Bin, Dir: t.Dir, Victims: t.Victims})
	if err != nil {
		return nil, err
	}
	return ours{d, t}, nil
}

// ours is homeostat with its plugins.
type ours struct {
	*daemon.Daemon
	task Task
}

// PIDs are the daemon and its children, without the victims.
func (o ours) PIDs() []int {
	pids := []int{o.PID()}
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", o.PID()))
	if err != nil {
		return pids
	}
	for _, t := range tasks {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", o.PID(), t.Name()))
		if err != nil {
			continue // the thread is gone
		}
		for word := range strings.FieldsSeq(string(b)) {
			if pid, err := strconv.Atoi(word); err == nil && !o.victim(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func (o ours) victim(pid int) bool {
	for _, v := range o.task.Victims {
		if v.Owns(pid) {
			return true
		}
	}
	return false
}
