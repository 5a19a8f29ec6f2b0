// Package worker runs package txn in a small process of its own: the daemon starts its own program again with the
// argument Name, sends one request, and reads one reply.
//
// So nothing that goes wrong in the daemon can stop a change halfway, all file operations of a change are those of one
// thread, which makes it possible to kill it at each of them in a test, and a worker that hangs in the kernel does not
// hang the daemon. The worker outlives a daemon that dies and ends by itself; Recover of the next daemon waits for it.
//
// A Client may be used from several goroutines, but of two calls at once one is refused with txn.ErrBusy.
package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/refusal"
)

// Name is the first argument that makes the program a worker.
const Name = "change-worker"

// Asked says whether this process was started as a worker. Then main must do nothing but call Main.
func Asked() bool { return len(os.Args) > 1 && os.Args[1] == Name }

// The main goroutine of a worker stays on the main thread, and only an init function can ask for that.
func init() {
	if Asked() {
		runtime.LockOSThread()
	}
}

// What a request asks for.
const (
	doApply    = "apply"
	doConfirm  = "confirm"
	doRollback = "rollback"
	doRecover  = "recover"
)

// request is what the daemon sends.
type request struct {
	Do       string      `json:"do"`
	Journals string      `json:"journals"`
	Change   *txn.Change `json:"change,omitempty"`
	ID       string      `json:"id,omitempty"`
	Roots    []string    `json:"roots,omitempty"`
}

// reply is what the worker answers. Error is empty when all went well; the kinds of error that callers decide upon come
// apart from their text.
type reply struct {
	Results []txn.Result `json:"results"`
	Error   string       `json:"error,omitempty"`
	Kinds   []string     `json:"kinds,omitempty"`
	Refused refusal.List `json:"refused,omitempty"`
}

// kinds are the errors that keep their identity on the way.
var kinds = map[string]error{
	"outside_edit": txn.ErrOutsideEdit, "busy": txn.ErrBusy, "unknown": txn.ErrUnknown, "unfinished": txn.ErrUnfinished,
}

// Main does the one request on in, writes the reply to out and returns the exit code: 0 when a reply was written,
// whatever it says, else 1.
func Main(in io.Reader, out io.Writer) int {
	var q request
	a := reply{}
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		a.Error = fmt.Sprintf("read the request: %v", err)
	} else {
		a.take(serve(q))
	}
	if err := json.NewEncoder(out).Encode(a); err != nil {
		return 1
	}
	return 0
}

func serve(q request) ([]txn.Result, error) {
	e := txn.Engine{Journals: q.Journals}
	one := func(r txn.Result, err error) ([]txn.Result, error) { return []txn.Result{r}, err }
	switch {
	case q.Do == doApply && q.Change != nil:
		return one(e.Apply(*q.Change))
	case q.Do == doConfirm:
		return one(e.Confirm(q.ID))
	case q.Do == doRollback:
		return one(e.Rollback(q.ID))
	case q.Do == doRecover:
		return e.Recover(q.Roots)
	}
	return nil, fmt.Errorf("unknown request %q", q.Do)
}

func (a *reply) take(results []txn.Result, err error) {
	a.Results = results
	if err == nil {
		return
	}
	a.Error = err.Error()
	_ = errors.As(err, &a.Refused) // it stays nil for other errors
	for name, kind := range kinds {
		if errors.Is(err, kind) {
			a.Kinds = append(a.Kinds, name)
		}
	}
}

// err is the error that the worker had.
func (a reply) err() error {
	if a.Error == "" {
		return nil
	}
	var is []error
	for _, name := range a.Kinds {
		is = append(is, kinds[name])
	}
	if len(a.Refused) > 0 {
		is = append(is, a.Refused)
	}
	return remoteError{a.Error, is}
}

// remoteError is an error of the worker: its text, and what errors.Is and errors.As find.
type remoteError struct {
	text string
	is   []error
}

func (e remoteError) Error() string   { return e.text }
func (e remoteError) Unwrap() []error { return e.is }

// Client starts workers.
type Client struct {
	// Command is the program of a worker and its arguments; nil means this program with the argument Name.
	Command []string
	// Journals is the folder of the journals.
	Journals string
}

// Check is Engine.Check, in this process: it only reads.
func (c Client) Check(change txn.Change) error { return txn.Engine{Journals: c.Journals}.Check(change) }

// Apply is Engine.Apply in a worker. When ctx ends the worker is killed. That, and every other end without an answer, is
// an error that matches txn.ErrUnfinished.
func (c Client) Apply(ctx context.Context, change txn.Change) (txn.Result, error) {
	return c.one(ctx, request{Do: doApply, Change: &change})
}

// Confirm is Engine.Confirm in a worker.
func (c Client) Confirm(ctx context.Context, id string) (txn.Result, error) {
	return c.one(ctx, request{Do: doConfirm, ID: id})
}

// Rollback is Engine.Rollback in a worker.
func (c Client) Rollback(ctx context.Context, id string) (txn.Result, error) {
	return c.one(ctx, request{Do: doRollback, ID: id})
}

// Recover is Engine.Recover in a worker.
func (c Client) Recover(ctx context.Context, roots []string) ([]txn.Result, error) {
	a, err := c.call(ctx, request{Do: doRecover, Roots: roots})
	return a.Results, err
}

func (c Client) one(ctx context.Context, q request) (txn.Result, error) {
	a, err := c.call(ctx, q)
	if len(a.Results) != 1 {
		return txn.Result{}, errors.Join(err, fmt.Errorf("the change worker answered with %d results, want 1", len(a.Results)))
	}
	return a.Results[0], err
}

// reapDelay is how long the pipes of a killed worker are waited for.
const reapDelay = 5 * time.Second

func (c Client) call(ctx context.Context, q request) (reply, error) {
	q.Journals = c.Journals
	data, err := json.Marshal(q)
	if err != nil {
		return reply{}, fmt.Errorf("write the request to the change worker: %w", err)
	}
	command := c.Command
	if command == nil {
		command = []string{"/proc/self/exe", Name}
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.WaitDelay = reapDelay
	// One thread does the work, so the runtime needs no more.
	cmd.Env = []string{"GOMAXPROCS=1"}
	// In a group of its own a Ctrl-C for the daemon does not reach it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &out, &problems
	if err := cmd.Run(); err != nil {
		return reply{}, fmt.Errorf("the change worker ended without an answer: %w: %w: %s",
			txn.ErrUnfinished, errors.Join(err, context.Cause(ctx)), strings.TrimSpace(problems.String()))
	}
	var a reply
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		return reply{}, fmt.Errorf("read the answer of the change worker: %w: %w", txn.ErrUnfinished, err)
	}
	return a, a.err()
}
