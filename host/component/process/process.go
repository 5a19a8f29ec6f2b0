// Package process owns what the host knows about one process: who it is, when it ends, what belongs to it, and how it is
// brought to an end with proof. It reads /proc itself and waits on pidfds through the runtime's poller, so an exit is
// seen at once, costs no thread and no polling, and needs no parenthood. It knows nothing of components, probes or
// policy: when to start or stop is decided by its callers.
//
// Concurrency: values are plain data. A Handle may be used by any number of goroutines; whoever opened it closes it.
package process

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// ErrGone says that the process asked for does not exist any more, or that its number now belongs to another process.
var ErrGone = errors.New("process is gone")

// ID names one process for the whole life of the machine: numbers are reused, the triple is not.
type ID struct {
	// PID is the process number.
	PID int `json:"pid"`
	// Ticks is the start time in clock ticks since boot, field 22 of /proc/PID/stat.
	Ticks uint64 `json:"ticks"`
	// Boot is the kernel's boot id, so that a record from before a reboot matches nothing.
	Boot string `json:"boot"`
}

// String returns the id as "pid 12".
func (id ID) String() string { return fmt.Sprintf("pid %d", id.PID) }

// Identify returns the full identity of the process that has the number now. It returns ErrGone when there is none.
func Identify(pid int) (ID, error) {
	st, err := Read(pid)
	if err != nil {
		return ID{}, err
	}
	return st.ID(), nil
}

// Alive reports whether exactly this process still runs. A zombie does not run.
func (id ID) Alive() bool {
	st, err := Read(id.PID)
	return err == nil && st.Ticks == id.Ticks && id.Boot == Boot() && !st.Dead()
}

// Boot returns the kernel's boot id. It is read once. Where /proc gives none it is empty, and only the other two parts
// of an ID tell processes apart.
var Boot = sync.OnceValue(func() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
})

// Exit is how a process ended.
type Exit struct {
	// Known is false when nobody could tell: the process was not our child and the kernel kept no status.
	Known bool `json:"known"`
	// Code is the exit code, or -1 when a signal ended the process.
	Code int `json:"code"`
	// Signal is the number of the signal that ended the process, or 0.
	Signal int `json:"signal,omitempty"`
	// Core is true when the kernel wrote a core dump.
	Core bool `json:"core,omitempty"`
}

// String returns the exit in words, for people.
func (e Exit) String() string {
	switch {
	case !e.Known:
		return "exit status unknown"
	case e.Signal != 0 && e.Core:
		return fmt.Sprintf("ended by %s, core dumped", signalName(e.Signal))
	case e.Signal != 0:
		return "ended by " + signalName(e.Signal)
	default:
		return fmt.Sprintf("exit code %d", e.Code)
	}
}
