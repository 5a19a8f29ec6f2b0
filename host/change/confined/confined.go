// Package confined runs the validators of a root, programs of the system such as `nginx -t`, where they can change
// nothing: in a process of its own with its own mounts, processes and network, on a copy-on-write view of the whole file
// system in which the candidate stands at the root's own path. So absolute includes resolve to the candidate, and
// whatever the program writes vanishes with it.
//
// It is a namespace, not a sandbox of WASM: the program is the operator's own and runs with the daemon's user. Where the
// host does not allow such namespaces the verdict is inconclusive; nothing is ever run unconfined.
//
// A Runner may be used from several goroutines; every run has a process of its own. The main of any binary that uses it
// calls Main first if Asked says so.
package confined

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
)

// Name is the first argument that makes the program a worker.
const Name = "validate-worker"

// Asked says whether this process was started as a worker. Then main must do nothing but call Main.
func Asked() bool { return len(os.Args) > 1 && os.Args[1] == Name }

// View stands in a command for the root with the candidate applied.
const View = "{view}"

// Path stands in a command for one file of the candidate, relative to the root.
const Path = "{path}"

// Expand returns the commands that a command stands for: one for each path, with Path replaced, where it names it.
func Expand(command, paths []string) [][]string {
	if !slices.ContainsFunc(command, func(arg string) bool { return strings.Contains(arg, Path) }) {
		return [][]string{command}
	}
	var all [][]string
	for _, path := range paths {
		one := slices.Clone(command)
		for i, arg := range one {
			one[i] = strings.ReplaceAll(arg, Path, path)
		}
		all = append(all, one)
	}
	return all
}

// Job is one run of a validator.
type Job struct {
	// Command is program and arguments.
	Command []string `json:"command"`
	// Root is the path of the root, Ops what the candidate does to it; without any the present files are judged.
	Root string   `json:"root"`
	Ops  []txn.Op `json:"ops,omitempty"`
}

// DefaultTimeout is how long a validator may run.
const DefaultTimeout = 10 * time.Second

// maxOutput is how much of a validator's words are kept, in bytes.
const maxOutput = 4 << 10

// Runner runs validators.
type Runner struct {
	// Timeout bounds one run; 0 means DefaultTimeout.
	Timeout time.Duration
}

// Run runs a validator. Exit 0 passes, any other exit fails; a program that was killed, could not be started or could not
// be confined is inconclusive. The text says why, in the program's words where it has some.
func (r Runner) Run(ctx context.Context, j Job) (record.Verdict, string) {
	timeout := r.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	words, trouble, err := run(ctx, j)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return record.Inconclusive, fmt.Sprintf("it did not end within %s", timeout)
	case trouble != "":
		return record.Inconclusive, "it cannot be confined here: " + trouble
	case err == nil:
		return record.Pass, words
	case errors.As(err, &exit) && exit.Exited():
		return record.Fail, fmt.Sprintf("exit code %d: %s", exit.ExitCode(), words)
	}
	return record.Inconclusive, fmt.Sprintf("%v: %s", err, words)
}

// run starts a worker, which becomes the validator. trouble is what kept it from that.
func run(ctx context.Context, j Job) (words, trouble string, err error) {
	data, err := json.Marshal(j)
	if err != nil {
		return "", "", err
	}
	ours, its, err := os.Pipe()
	if err != nil {
		return "", "", err
	}
	defer ours.Close()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", Name)
	cmd.WaitDelay = time.Second
	cmd.Stdin = bytes.NewReader(data)
	out := &head{max: maxOutput}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.ExtraFiles = []*os.File{its}
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/"}
	cmd.SysProcAttr = apart()
	err = cmd.Start()
	_ = its.Close() // ours alone must keep it open
	if err != nil {
		return "", err.Error(), nil
	}
	said, readErr := io.ReadAll(io.LimitReader(ours, maxOutput))
	err = cmd.Wait()
	return strings.TrimSpace(out.String()), string(said), errors.Join(err, readErr)
}

// apart asks for namespaces of its own. The end of the first process of a process namespace is the end of all in it.
func apart() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		Setpgid:    true,
	}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return attr
}

// head keeps the beginning of what is written and drops the rest, so that a program that floods is not stopped by it.
type head struct {
	bytes.Buffer
	max int
}

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	h.Buffer.Write(p[:min(len(p), max(0, h.max-h.Len()))])
	return len(p), nil
}
