package confine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/sandbox/internal/confine"
)

// proberName is the argv[0] of a process that confines itself and then tries things.
const proberName = "confine-prober"

func TestMain(m *testing.M) {
	if os.Args[0] == proberName {
		probe()
	}
	goleak.VerifyTestMain(m)
}

// findings is what a prober reports: "" for what went through.
type findings struct {
	Status confine.Status
	Tried  map[string]string
}

func probe() {
	var p confine.Policy
	if err := json.Unmarshal([]byte(os.Args[1]), &p); err != nil {
		panic(err)
	}
	outside := os.Args[2]
	parent := os.Getppid()
	f := findings{Status: confine.Enter(p), Tried: map[string]string{}}
	for name, try := range probes(p, outside, parent) {
		f.Tried[name] = fmt.Sprint(try())
		if f.Tried[name] == "<nil>" {
			f.Tried[name] = ""
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
		panic(err)
	}
	os.Exit(0)
}

// probes tries what would be harmless if it went through: the answer of a guard
// differs from the kernel's own for a bad argument.
func probes(p confine.Policy, outside string, parent int) map[string]func() error {
	return map[string]func() error{
		"read inside":  func() error { _, err := os.ReadFile(filepath.Join(p.Read[0], "file")); return err },
		"list inside":  func() error { _, err := os.ReadDir(p.Read[0]); return err },
		"read outside": func() error { _, err := os.ReadFile(outside); return err },
		"write inside": func() error { return os.WriteFile(filepath.Join(p.Read[0], "new"), nil, 0o600) },
		"socket":       func() error { _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); return err },
		"unix socket":  func() error { _, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
		"fork":         func() error { return exec.Command("/bin/true").Run() },
		"execve":       func() error { return unix.Exec("/bin/true", []string{"true"}, nil) },
		"signal":       func() error { return unix.Kill(parent, 0) },
		"ptrace":       func() error { return unix.PtraceAttach(-1) },
		"mount":        func() error { return unix.Mount("none", p.Read[0], "no-such-file-system", 0, "") },
		"unshare":      func() error { return unix.Unshare(unix.CLONE_NEWUSER) },
		"raise limit":  func() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}) },
		"handle": func() error {
			_, err := unix.OpenByHandleAt(unix.AT_FDCWD, unix.NewFileHandle(1, make([]byte, 8)), unix.O_RDONLY)
			return err
		},
		"threads": func() error {
			done := make(chan struct{})
			for range 20 {
				go func() { runtime.LockOSThread(); done <- struct{}{} }()
			}
			for range 20 {
				<-done
			}
			return nil
		},
	}
}

// confined runs the prober in the state that a worker has.
func confined(t *testing.T, rung confine.Rung) (findings, error) {
	t.Helper()
	inside, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	for _, name := range []string{filepath.Join(inside, "file"), outside} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	policy, err := json.Marshal(confine.Policy{Read: []string{inside}, Calls: confine.GuestCalls, Data: 1 << 30, OpenFiles: 64, CPUSeconds: 60})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args, cmd.Env, cmd.SysProcAttr = []string{proberName, string(policy), outside}, []string{}, confine.Attributes(rung)
	runtime.LockOSThread() // the prober dies with this thread
	defer runtime.UnlockOSThread()
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("prober: %v\n%s", err, exit.Stderr)
		}
		return findings{}, err
	}
	var f findings
	if err := json.Unmarshal(out, &f); err != nil {
		t.Fatalf("prober said %q: %v", out, err)
	}
	return f, nil
}

func TestConfinedProcessCanDoNothingButRead(t *testing.T) {
	for _, rung := range []confine.Rung{{Namespaces: true, OtherUser: true}, {OtherUser: true}, {}} {
		f, err := confined(t, rung)
		if err != nil {
			t.Logf("rung %+v is not to be had here: %v", rung, err)
			continue
		}
		for _, must := range []string{"read inside", "list inside", "threads"} {
			if f.Tried[must] != "" {
				t.Errorf("rung %+v: %s: %s", rung, must, f.Tried[must])
			}
		}
		never := map[confine.Guard][]string{
			confine.Landlock: {"read outside", "write inside"},
			confine.Seccomp:  {"socket", "unix socket", "fork", "execve", "signal", "ptrace", "mount", "unshare", "handle"},
			confine.Rlimits:  {"raise limit"},
		}
		for guard, tries := range never {
			if !slices.Contains(f.Status.On, guard) {
				t.Logf("rung %+v: %s is missing: %s", rung, guard, f.Status.Missing[guard])
				continue
			}
			for _, name := range tries {
				if !strings.Contains(f.Tried[name], "not permitted") && !strings.Contains(f.Tried[name], "permission denied") {
					t.Errorf("rung %+v: %s under %s: got %q, want it refused", rung, name, guard, f.Tried[name])
				}
			}
		}
	}
}

func TestStepDownOnlyForWantOfRights(t *testing.T) {
	bottom := confine.Rung{}
	if confine.StepDown(bottom, syscall.EPERM) {
		t.Error("stepped below the bottom")
	}
	if confine.StepDown(confine.Current(), syscall.ENOENT) {
		t.Error("stepped down for a missing file")
	}
}

func TestEveryGuardIsOnOrMissingWithAReason(t *testing.T) {
	var s confine.Status
	s.Note(confine.Seccomp, nil)
	s.Note(confine.Landlock, errors.New("too old"))
	lacks := s.Lacks([]confine.Guard{confine.Seccomp, confine.Landlock})
	if len(lacks) != 1 || !strings.Contains(lacks[0], "landlock (too old)") {
		t.Fatalf("got %q", lacks)
	}
}

func TestGuardNamesAreChecked(t *testing.T) {
	if got, err := confine.ParseGuards([]string{"seccomp", "other-user"}); err != nil || len(got) != 2 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := confine.ParseGuards([]string{"armour"}); err == nil || !strings.Contains(err.Error(), "landlock") {
		t.Errorf("got %v, want an error that lists the guards", err)
	}
}
