// Package confine takes rights away from a worker process, so that a guest that
// breaks out of its WASM machine finds nothing to do with it.
//
// It owns the list of guards, what the parent asks of the kernel at the start of
// a worker, and what the worker gives up before it touches anything of a guest.
// It does not own what the worker does afterwards. Enter is called once, early,
// from one goroutine; its effects hold for all threads.
package confine

import (
	"fmt"
	"sort"
	"strings"
)

// Guard names one layer around a worker.
type Guard string

// The guards, strongest effect first.
const (
	Seccomp    Guard = "seccomp"      // a list of the system calls that are left
	Landlock   Guard = "landlock"     // the kernel's own file and TCP rules
	Namespaces Guard = "namespaces"   // own network (empty), mounts, IPC, host name
	OtherUser  Guard = "other-user"   // not the uid of the daemon
	NoNewPrivs Guard = "no-new-privs" // setuid programs give nothing
	Rlimits    Guard = "rlimits"      // data, open files, file size, CPU time, cores
)

// All lists every guard.
var All = []Guard{Seccomp, Landlock, Namespaces, OtherUser, NoNewPrivs, Rlimits}

// ParseGuards checks names against All, for the key sandbox.require.
func ParseGuards(names []string) ([]Guard, error) {
	var out []Guard
	for _, name := range names {
		known := false
		for _, g := range All {
			known = known || string(g) == name
		}
		if !known {
			return nil, fmt.Errorf("unknown guard %q, want one of %s", name, joinGuards(All))
		}
		out = append(out, Guard(name))
	}
	return out, nil
}

func joinGuards(list []Guard) string {
	names := make([]string, len(list))
	for i, g := range list {
		names[i] = string(g)
	}
	return strings.Join(names, ", ")
}

// Status tells which guards stand and why the others do not. A guard is a key of
// exactly one of the two.
type Status struct {
	On      []Guard          `json:"on,omitempty"`
	Missing map[Guard]string `json:"missing,omitempty"`
}

// Note records the outcome of one guard: nil means that it stands.
func (s *Status) Note(g Guard, err error) {
	if err == nil {
		s.On = append(s.On, g)
		return
	}
	if s.Missing == nil {
		s.Missing = map[Guard]string{}
	}
	s.Missing[g] = err.Error()
}

// Lacks returns the guards of required that do not stand, with the reasons.
func (s Status) Lacks(required []Guard) []string {
	var out []string
	for _, g := range required {
		if why, missing := s.Missing[g]; missing {
			out = append(out, fmt.Sprintf("%s (%s)", g, why))
		}
	}
	sort.Strings(out)
	return out
}

// Policy says what one worker may still do.
type Policy struct {
	// Read and Write are folders or files, by absolute host path.
	Read  []string `json:"read,omitempty"`
	Write []string `json:"write,omitempty"`
	// Exec holds folders from which programs may be started. Empty: none.
	Exec []string `json:"exec,omitempty"`
	// Calls picks the system call list.
	Calls Calls `json:"calls"`
	// Data, FileSize and CPUSeconds are the rlimits of those names; OpenFiles is
	// RLIMIT_NOFILE.
	Data       uint64 `json:"data"`
	FileSize   uint64 `json:"file_size"`
	OpenFiles  uint64 `json:"open_files"`
	CPUSeconds uint64 `json:"cpu_seconds"`
}

// Calls names a system call list.
type Calls string

// The system call lists.
const (
	GuestCalls   Calls = "guest"   // memory, threads, reading files
	CompileCalls Calls = "compile" // GuestCalls and writing files
	BuildCalls   Calls = "build"   // all but network, tracing, mounting and the like
)
