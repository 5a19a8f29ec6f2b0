package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Handle is a hold on one process through its pidfd. It never refers to another process, whatever happens to the number.
type Handle struct {
	id    ID
	file  *os.File
	child *os.Process // set when we are the parent: the only one who may reap it
	done  chan struct{}
	ended chan struct{}
	exit  atomic.Pointer[Exit]
}

// Open takes hold of a process, child or not. It returns ErrGone when the process is not there any more. The caller
// closes the handle.
func Open(id ID) (*Handle, error) {
	h, err := open(id)
	if err != nil {
		return nil, err
	}
	// The number was turned into a pidfd before this look, so a match proves that the pidfd is of the right process.
	if !id.Alive() {
		h.file.Close()
		return nil, fmt.Errorf("take hold of %s: %w", id, ErrGone)
	}
	go h.await()
	return h, nil
}

func open(id ID) (*Handle, error) {
	fd, err := unix.PidfdOpen(id.PID, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return nil, fmt.Errorf("open pidfd of %s: %w", id, ErrGone)
	}
	if err != nil {
		return nil, fmt.Errorf("open pidfd of %s: %w", id, err)
	}
	return &Handle{
		id:    id,
		file:  os.NewFile(uintptr(fd), "pidfd"),
		done:  make(chan struct{}),
		ended: make(chan struct{}),
	}, nil
}

// ID returns the identity of the process held.
func (h *Handle) ID() ID { return h.id }

// Done is closed when the process has ended. It stays open when the handle is closed before.
func (h *Handle) Done() <-chan struct{} { return h.done }

// Exit returns how the process ended. It is meaningful once Done is closed.
func (h *Handle) Exit() Exit {
	if e := h.exit.Load(); e != nil {
		return *e
	}
	return Exit{}
}

// Wait blocks until the process has ended or ctx is done.
func (h *Handle) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-h.done:
		return h.Exit(), nil
	case <-ctx.Done():
		return Exit{}, fmt.Errorf("wait for %s: %w", h.id, context.Cause(ctx))
	}
}

// Signal sends a signal to exactly this process. It returns ErrGone when the process has ended.
func (h *Handle) Signal(sig syscall.Signal) error {
	conn, err := h.file.SyscallConn()
	if err != nil {
		return fmt.Errorf("signal %s: %w", h.id, err)
	}
	var sent error
	err = conn.Control(func(fd uintptr) { sent = unix.PidfdSendSignal(int(fd), sig, nil, 0) })
	if err == nil {
		err = sent
	}
	if errors.Is(err, unix.ESRCH) {
		err = ErrGone
	}
	if err != nil {
		return fmt.Errorf("send %s to %s: %w", signalName(int(sig)), h.id, err)
	}
	return nil
}

// Close lets go of the process, which lives on, and waits for the goroutine that watched it.
func (h *Handle) Close() error {
	err := h.file.Close()
	<-h.ended
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// await ends when the process ends or the handle is closed.
func (h *Handle) await() {
	defer close(h.ended)
	if !h.readable() {
		return
	}
	exit := h.collect()
	h.exit.Store(&exit)
	close(h.done)
}

// readable blocks in the runtime's poller, not in a system call. It returns false when the handle was closed.
func (h *Handle) readable() bool {
	conn, err := h.file.SyscallConn()
	if err != nil {
		return false
	}
	return conn.Read(func(fd uintptr) bool { return pollIn(int(fd)) }) == nil
}

func pollIn(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if !errors.Is(err, unix.EINTR) {
			return n > 0
		}
	}
}

// collect reaps the process when it is our child. It does not block: the process has already ended.
func (h *Handle) collect() Exit {
	if h.child == nil {
		return h.inherited()
	}
	state, err := h.child.Wait()
	if err != nil {
		return Exit{}
	}
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok {
		return Exit{}
	}
	return fromWait(status)
}

// inherited is collect for a process that this handle did not start. It may still be our child, from an earlier handle.
func (h *Handle) inherited() Exit {
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(h.id.PID, &status, syscall.WNOHANG, nil); err == nil && pid == h.id.PID {
		return fromWait(status)
	}
	return lastWords(h.file)
}

func fromWait(status syscall.WaitStatus) Exit {
	if status.Signaled() {
		return Exit{Known: true, Code: -1, Signal: int(status.Signal()), Core: status.CoreDump()}
	}
	return Exit{Known: true, Code: status.ExitStatus()}
}
