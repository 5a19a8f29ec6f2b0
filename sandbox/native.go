package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/homeostat/homeostat/sandbox/internal/confine"
	"github.com/homeostat/homeostat/sandbox/internal/process"
	"github.com/homeostat/homeostat/sandbox/internal/wire"
)

// Native is a native program to run confined: no network, no files but those
// named, no new rights, a deadline for its whole session. It is no WASM sandbox: it
// has the kernel's whole system call surface except what attackers need most.
type Native struct {
	// Argv is the absolute path of the program and its arguments.
	Argv []string
	// Env is its whole environment, as NAME=VALUE.
	Env []string
	// Dir is its working folder.
	Dir string
	// Read and Write are folders and files it may read, or read and write; from the
	// folders in Exec it may also run programs.
	Read, Write, Exec []string
	Timeout           time.Duration
	// Memory bounds the data of each of its processes, in bytes.
	Memory int64
	// Output bounds stdout and stderr, in bytes each.
	Output  int64
	Require []Guard
}

// NativeReport is what a native program did.
type NativeReport struct {
	Ending    Ending
	ExitCode  int
	Message   string
	Stdout    string
	Stderr    string
	Truncated bool
	Wall, CPU time.Duration
	Guards    confine.Status
}

// nativeFiles bounds the descriptors and the file size of a native program: a
// linker writes large files, and many.
const (
	nativeFiles    = 4096
	nativeFileSize = 4 << 30
)

// RunNative runs n to its end. The error is a *Refused when a required guard is
// missing, or the sandbox's own.
func (s *Sandbox) RunNative(ctx context.Context, n Native) (NativeReport, error) {
	if len(n.Argv) == 0 || !filepath.IsAbs(n.Argv[0]) {
		return NativeReport{}, refuse("a native program needs an absolute path", "")
	}
	job := wire.Job{
		Mode: wire.Exec, Args: n.Argv, Env: n.Env, Dir: n.Dir, Require: n.Require,
		Policy: confine.Policy{
			Read: n.Read, Write: append(n.Write[:len(n.Write):len(n.Write)], "/dev/null"), Exec: n.Exec,
			Calls: confine.BuildCalls, Data: uint64(n.Memory), FileSize: nativeFileSize,
			OpenFiles: nativeFiles, CPUSeconds: cpuSeconds(n.Timeout),
		},
	}
	// The parent's own watch looks at one process; for a tree of them the limit of
	// each is the kernel's RLIMIT_DATA.
	e := execution{job: job, bundle: &wire.Bundle{}, timeout: n.Timeout, memory: math.MaxInt64 / 2, output: n.Output}
	out, err := s.execute(ctx, e)
	if err != nil {
		return NativeReport{}, err
	}
	if out.end != nil && out.end.Reason == wire.Lacking {
		return NativeReport{}, refuse("required guards are missing: "+out.end.Message, "allow them to the daemon, or take them out of sandbox.require")
	}
	return n.report(out, e), nil
}

// report reads a native program's end from its process: it sends no last event.
func (n Native) report(out outcome, e execution) NativeReport {
	r := NativeReport{
		Stdout: string(out.stdout), Stderr: out.crash, Truncated: out.truncated,
		Wall: out.wall, CPU: out.cpu, Guards: out.guards,
	}
	if out.killed != process.None {
		r.Ending, r.ExitCode = out.ending()
		r.Message = out.describe(e)
		return r
	}
	r.Ending, r.ExitCode = Exited, out.exitCode
	if r.ExitCode < 0 {
		r.Ending, r.ExitCode, r.Message = Crashed, exitOther, fmt.Sprintf("%s: %s", n.Argv[0], out.state)
	}
	return r
}

// MakeWorkerDir makes dir, 0700, for the user that native programs and workers run
// as, unless it is there already.
func MakeWorkerDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if uid, gid := confine.WorkerOwner(confine.Current()); uid >= 0 {
		return os.Chown(dir, uid, gid)
	}
	return nil
}
