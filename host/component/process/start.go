package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Command is what to run. It is checked by Start, not before.
type Command struct {
	// Args is the program and its arguments. A program without a slash is looked up in the PATH of Env; one with a slash
	// that is not absolute is taken relative to Dir.
	Args []string
	// Dir is the working directory; empty means that of the host.
	Dir string
	// Env is the whole environment, "KEY=value".
	Env []string
	// Output takes standard output and standard error. The process inherits it, so it survives the host.
	Output *os.File
	// Credential, when set, is the user that the process runs as. Only root may set it.
	Credential *syscall.Credential
}

// Start runs the command in a session, and so a process group, of its own, with no standard input. The process outlives the
// host. The caller closes the handle, which leaves the process running.
func Start(c Command) (*Handle, error) {
	if len(c.Args) == 0 {
		return nil, fmt.Errorf("start a command: it is empty")
	}
	path, err := find(c)
	if err != nil {
		return nil, fmt.Errorf("start %q: %w", c.Args[0], err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, fmt.Errorf("start %q: %w", c.Args[0], err)
	}
	defer null.Close()
	child, err := spawn(path, c.Args, &os.ProcAttr{
		Dir:   c.Dir,
		Env:   c.Env,
		Files: []*os.File{null, c.Output, c.Output},
		Sys:   &syscall.SysProcAttr{Setsid: true, Credential: c.Credential},
	})
	if err != nil {
		return nil, fmt.Errorf("start %q: %w", c.Args[0], err)
	}
	return hold(child)
}

// writtenFor is how long a program may still be open for writing, and writtenPause the time between two attempts.
const (
	writtenFor   = 2 * time.Second
	writtenPause = 10 * time.Millisecond
)

// spawn starts the program. One that was written a moment ago may still be open for writing: in a child that was forked
// meanwhile and is not its own program yet, or in the hands of who copies it there. That passes.
func spawn(path string, args []string, attr *os.ProcAttr) (*os.Process, error) {
	for end := time.Now().Add(writtenFor); ; time.Sleep(writtenPause) {
		child, err := os.StartProcess(path, args, attr)
		if !errors.Is(err, syscall.ETXTBSY) || time.Now().After(end) {
			return child, err
		}
	}
}

// hold takes a pidfd of a fresh child. Nobody else reaps it, so its number cannot have gone to another process.
func hold(child *os.Process) (*Handle, error) {
	id, err := Identify(child.Pid)
	if err == nil {
		var h *Handle
		if h, err = open(id); err == nil {
			h.child = child
			go h.await()
			return h, nil
		}
	}
	// Without a hold the process would run unwatched: better none than that.
	_ = child.Kill()
	_, _ = child.Wait()
	return nil, fmt.Errorf("take hold of new child %d: %w", child.Pid, err)
}

func find(c Command) (string, error) {
	name := c.Args[0]
	if strings.Contains(name, "/") {
		return name, nil // execve resolves it after the change of directory
	}
	for _, dir := range filepath.SplitList(value(c.Env, "PATH")) {
		if !filepath.IsAbs(dir) {
			continue // a relative PATH entry would make the program depend on where the host was started
		}
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("not found in PATH %q", value(c.Env, "PATH"))
}

func value(env []string, key string) string {
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, key+"="); ok {
			return v
		}
	}
	return ""
}
