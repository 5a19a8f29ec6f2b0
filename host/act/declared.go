package act

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Command is one that the operator has declared for a component.
type Command struct {
	// Command is the program and its arguments; no shell is between.
	Command []string
	// Undo takes it back; empty where nothing does.
	Undo []string
	Dir  string
	// Env is added to PATH, the only variable that comes from the host, and to
	// HOMEOSTAT_ORDER, which is the same when an order is repeated or taken back.
	Env map[string]string
	// User is the account that it runs as; empty means the host's own.
	User string
	// Timeout bounds it; zero means DefaultTimeout.
	Timeout time.Duration
	// order is the key of the order that it is run for, empty for none.
	order string
}

// DefaultTimeout bounds a declared command that names no time of its own.
const DefaultTimeout = 30 * time.Second

// maxOutput is how much of a command's output is kept for the record.
const maxOutput = 4 << 10

func (c Command) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return DefaultTimeout
}

// Run runs the command in a process group of its own and waits for it. At the
// deadline, or when ctx ends, the whole group is killed. What a command that ended
// well leaves running, such as a service that it has started, is left in peace.
func (c Command) Run(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	who, err := credential(c.User)
	if err != nil {
		return "", err
	}
	var out tail
	cmd := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.environment()
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: who}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	text := strings.TrimSpace(out.String())
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it ended well, and what it left running holds its output
		return fmt.Sprintf("ran %s: %q", strings.Join(c.Command, " "), text), nil
	case errors.Is(ctx.Err(), context.Canceled):
		return "", fmt.Errorf("run %s: killed, because the host stops or the order was withdrawn; its output: %q", c.Command[0], text)
	case ctx.Err() != nil:
		return "", fmt.Errorf("run %s: not done within %v, killed; its output: %q", c.Command[0], c.timeout(), text)
	}
	return "", fmt.Errorf("run %s: %w; its output: %q", c.Command[0], err, text)
}

// Marked returns the command with the key of the order that it is run for in its
// environment.
func (c Command) Marked(key string) Command {
	c.order = key
	return c
}

func (c Command) environment() []string {
	env := []string{"PATH=" + os.Getenv("PATH")}
	if c.order != "" {
		env = append(env, orderVariable+"="+c.order)
	}
	for key, value := range c.Env {
		env = append(env, key+"="+value)
	}
	return env
}

// credential looks up whom a command runs as, nil for the host's own account.
func credential(name string) (*syscall.Credential, error) {
	if name == "" {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("look up user %q: %w", name, err)
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of user %q: %w", name, err)
	}
	var numbers []uint32
	var problems []error
	for _, id := range append([]string{u.Uid, u.Gid}, ids...) {
		n, err := strconv.ParseUint(id, 10, 32)
		problems = append(problems, err)
		numbers = append(numbers, uint32(n))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("ids of user %q: %w", name, err)
	}
	if int(numbers[0]) == os.Geteuid() {
		return nil, nil
	}
	return &syscall.Credential{Uid: numbers[0], Gid: numbers[1], Groups: numbers[2:]}, nil
}

// tail keeps the last maxOutput bytes written to it.
type tail struct{ bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > maxOutput {
		p = p[len(p)-maxOutput:]
	}
	if extra := t.Len() + len(p) - maxOutput; extra > 0 {
		t.Next(extra)
	}
	t.Buffer.Write(p)
	return n, nil
}
