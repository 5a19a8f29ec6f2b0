package txn_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/homeostat/homeostat/host/atomicfile/failpoint"
	"github.com/homeostat/homeostat/host/change/txn/worker"
)

// calls are the system calls in which the sweep stops a worker: all that name, read or change files.
var calls = []string{
	"openat", "openat2", "read", "write", "close", "fsync", "fchmod", "fchmodat", "fchownat", "fchown", "flistxattr", "fgetxattr",
	"statx", "newfstatat", "renameat2", "renameat", "unlinkat", "mkdirat", "symlinkat", "sync_file_range", "flock", "getdents64", "fcntl",
}

// tracer runs workers under strace.
type tracer struct {
	t       *testing.T
	program string
}

func newTracer(t *testing.T) tracer {
	t.Helper()
	if os.Getenv(sweepVariable) == "" {
		t.Skipf("takes minutes: set %s, as `make sweep` does", sweepVariable)
	}
	program, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace")
	}
	return tracer{t, program}
}

// run runs a worker for the request under strace with the given options, and says how it ended.
func (tr tracer) run(request []byte, options ...string) (*os.ProcessState, []byte) {
	tr.t.Helper()
	self, err := os.Executable()
	if err != nil {
		tr.t.Fatal(err)
	}
	cmd := exec.Command(tr.program, slices.Concat([]string{"-f", "-qq"}, options, []string{self, worker.Name})...)
	cmd.Env = []string{"GOMAXPROCS=1"}
	cmd.Stdin = bytes.NewReader(request)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		tr.t.Fatal(err)
	}
	return cmd.ProcessState, out
}

// killed says that the worker died of the signal, which strace passes on.
func killed(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && (status.Signaled() && status.Signal() == syscall.SIGKILL || status.ExitStatus() == 128+int(syscall.SIGKILL))
}

// count traces one run and counts the calls of the thread that works, which is the one that takes the lock, by name.
func (tr tracer) count(request []byte) map[string]int {
	tr.t.Helper()
	log := filepath.Join(tr.t.TempDir(), "log")
	if state, _ := tr.run(request, "-o", log, "-e", "trace="+strings.Join(calls, ",")); !state.Success() {
		tr.t.Fatalf("a run without a fault ended with %v", state)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		tr.t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "flock(") })
	if i < 0 {
		tr.t.Fatalf("the trace has no flock:\n%s", text)
	}
	thread, counts := strings.Fields(lines[i])[0], map[string]int{}
	for _, line := range lines {
		pid, rest, ok := strings.Cut(line, " ")
		name, _, isCall := strings.Cut(strings.TrimSpace(rest), "(")
		if ok && isCall && pid == thread && slices.Contains(calls, name) {
			counts[name]++
		}
	}
	return counts
}

func (s site) request(do string) []byte {
	s.t.Helper()
	q := map[string]any{"do": do, "journals": s.journals, "roots": []string{s.root}}
	if do == "apply" {
		q["change"] = s.change()
	}
	data, err := json.Marshal(q)
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// TestSweepKillAtEachSystemCall kills a worker at each system call of an apply. It asserts that each really died: a sweep
// whose kills do not hit proves nothing.
func TestSweepKillAtEachSystemCall(t *testing.T) {
	tr := newTracer(t)
	before, after := images(t)
	points, counts := 0, tr.count(newSite(t, t.TempDir()).request("apply"))
	for _, name := range calls {
		for k := 1; k <= counts[name]; k++ {
			s := newSite(t, t.TempDir())
			state, _ := tr.run(s.request("apply"), "-e", "trace="+name, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", name, k))
			when := fmt.Sprintf("killed at %s number %d", name, k)
			if !killed(state) {
				t.Errorf("%s: the worker ended with %v, want it killed", when, state)
			}
			s.wantOldOrNew(when, before, after)
			points++
		}
	}
	t.Logf("%d points: %v", points, counts)
}

// TestSweepErrorAtEachSystemCall lets each system call of an apply that can meet a full or failing disk fail in four
// ways. The worker must answer, or leave what recovery needs.
func TestSweepErrorAtEachSystemCall(t *testing.T) {
	tr := newTracer(t)
	before, after := images(t)
	points, counts := 0, tr.count(newSite(t, t.TempDir()).request("apply"))
	for _, name := range []string{
		"openat2", "write", "fsync", "fchmod", "fchownat", "fchown", "statx", "renameat2", "renameat", "unlinkat", "mkdirat", "symlinkat",
	} {
		for _, errno := range []string{"EIO", "ENOSPC", "EROFS", "EINTR"} {
			for k := 1; k <= counts[name]; k++ {
				s := newSite(t, t.TempDir())
				tr.run(s.request("apply"), "-e", "trace="+name, "-e", fmt.Sprintf("inject=%s:error=%s:when=%d", name, errno, k))
				s.wantOldOrNew(fmt.Sprintf("%s at %s number %d", errno, name, k), before, after)
				points++
			}
		}
	}
	t.Logf("%d points", points)
}

// TestSweepKillInsideRecovery kills the recovery of a change that was killed after each fourth of its renames.
func TestSweepKillInsideRecovery(t *testing.T) {
	tr := newTracer(t)
	before, after := images(t)
	points, all := 0, renames(t)
	for i := 0; i < len(all); i += 4 {
		interrupted := func() site {
			s := newSite(t, t.TempDir())
			_ = apply(s, failpoint.KillAt(all[i]))
			return s
		}
		counts := tr.count(interrupted().request("recover"))
		for _, name := range []string{"openat2", "fsync", "statx", "renameat2", "renameat", "unlinkat", "fchmod", "getdents64"} {
			for k := 1; k <= counts[name]; k++ {
				s := interrupted()
				state, _ := tr.run(s.request("recover"), "-e", "trace="+name, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", name, k))
				when := fmt.Sprintf("apply killed at operation %d, recovery at %s number %d", all[i], name, k)
				if !killed(state) {
					t.Errorf("%s: the worker ended with %v, want it killed", when, state)
				}
				s.wantOldOrNew(when, before, after)
				points++
			}
		}
	}
	t.Logf("%d points", points)
}
