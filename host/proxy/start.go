package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/host/component/process"
	"github.com/homeostat/homeostat/host/proxy/control"
	"github.com/homeostat/homeostat/host/proxy/serve"
)

// obtain returns a hold on the link's proxy: the one that runs, or a new one.
func (k *keeper) obtain() (*process.Handle, error) {
	ctx, cancel := context.WithTimeout(k.ctx, askTime)
	defer cancel()
	s, err := k.client.Status(ctx)
	switch {
	case err == nil && !s.Draining && s.Spec == k.link.Spec:
		return k.adopt(s)
	case err == nil && !s.Draining:
		if _, err := k.client.Drain(ctx); err != nil {
			return nil, fmt.Errorf("replace the proxy %d: %w", s.PID, err)
		}
		k.tell("replaced", fmt.Sprintf("process %d has other settings: it takes no new callers and ends when its own have", s.PID), s.PID)
	case err != nil && k.record.Process.Alive():
		k.tell("hung", fmt.Sprintf("process %d does not answer, killing it", k.record.Process.PID), k.record.Process.PID)
		kill(k.record.Process)
	}
	k.client.Close()
	return k.start()
}

// adopt takes hold of a proxy that an earlier daemon has started.
func (k *keeper) adopt(s control.Status) (*process.Handle, error) {
	id, err := process.Identify(s.PID)
	if err != nil {
		return nil, fmt.Errorf("adopt the proxy: %w", err)
	}
	h, err := process.Open(id)
	if err != nil {
		return nil, fmt.Errorf("adopt the proxy: %w", err)
	}
	k.hold(id)
	k.tell("adopted", fmt.Sprintf("process %d, started %s, goes on with %d callers; the link is %s",
		s.PID, s.Started.UTC().Format(time.DateTime), s.Stats.Connections, s.Circuit.State), s.PID)
	return h, nil
}

// hold writes down which process it is.
func (k *keeper) hold(id process.ID) {
	k.mu.Lock()
	k.record.Process = id
	rec := k.record
	k.mu.Unlock()
	k.keepRecord(rec)
}

// start opens the sockets and starts a proxy that inherits them. A daemon that
// is killed at any instant leaves none, or one that answers on its socket.
func (k *keeper) start() (*process.Handle, error) {
	files, err := k.open()
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	k.mu.Lock()
	message, err := json.Marshal(serve.Inheritance{Spec: k.link.Spec, Begin: k.record.Wanted})
	k.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	command := k.set.opt.Command
	cmd := &exec.Cmd{
		Path: command[0], Args: append(append([]string{"homeostat"}, command[1:]...), string(message)), Env: []string{}, Dir: "/",
		Stdout: files[2], Stderr: files[2], ExtraFiles: files[:2], SysProcAttr: &syscall.SysProcAttr{Setsid: true, Credential: stranger()},
	}
	err = cmd.Start()
	if errors.Is(err, fs.ErrPermission) && cmd.SysProcAttr.Credential != nil {
		return nil, fmt.Errorf("start the proxy as user nobody: %w: the program of homeostat must be executable for everybody", err)
	}
	if err != nil {
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	return k.started(cmd)
}

// started takes hold of a fresh child, which nobody else reaps.
func (k *keeper) started(cmd *exec.Cmd) (*process.Handle, error) {
	id, err := process.Identify(cmd.Process.Pid)
	if err == nil {
		var h *process.Handle
		if h, err = process.Open(id); err == nil {
			err = cmd.Process.Release()
			k.hold(id)
			k.tell("started", fmt.Sprintf("process %d serves %s for %s", id.PID, k.link.Listen, k.link.Target), id.PID)
			return h, err
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return nil, fmt.Errorf("take hold of the new proxy: %w", err)
}

// open returns the listener, the control socket and the log, for the proxy.
func (k *keeper) open() (files []*os.File, err error) {
	defer func() {
		if err != nil {
			for _, f := range files {
				f.Close()
			}
		}
	}()
	tcp, err := net.Listen("tcp", k.link.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: the port is taken: stop who uses it (ss -ltnp), or set another listen of the link", k.link.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", k.link.Listen, err)
	}
	defer tcp.Close()
	path := k.set.socket(k.name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	unix, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	unix.SetUnlinkOnClose(false)
	defer unix.Close()
	for _, l := range []interface{ File() (*os.File, error) }{tcp.(*net.TCPListener), unix} {
		f, err := l.File()
		if err != nil {
			return files, fmt.Errorf("hand a socket over to the proxy: %w", err)
		}
		files = append(files, f)
	}
	log, err := k.openLog()
	return append(files, log), err
}

// maxLog is how long the log of a proxy may get before the next one begins
// anew; a proxy logs orders and its own start and end.
const maxLog = 1 << 20

func (k *keeper) openLog() (*os.File, error) {
	path := k.set.path(k.name, ".log")
	mode := os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		mode = os.O_TRUNC
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|mode, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of the proxy: %w", err)
	}
	return f, nil
}

// stranger is the user that proxies of a daemon run as where it is root: one who
// owns nothing. Privileged ports are open by then.
func stranger() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	const nobody = 65534
	uid, gid := uint64(nobody), uint64(nobody)
	if u, err := user.Lookup("nobody"); err == nil {
		if n, err := strconv.ParseUint(u.Uid, 10, 32); err == nil {
			uid = n
		}
		if n, err := strconv.ParseUint(u.Gid, 10, 32); err == nil {
			gid = n
		}
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// kill ends a process for certain and waits until it is gone.
func kill(id process.ID) {
	h, err := process.Open(id)
	if err != nil {
		return // gone
	}
	defer h.Close()
	_ = h.Signal(syscall.SIGKILL) // gone already is as good
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	_, _ = h.Wait(ctx) // a process in state D keeps the port, which the next start says
}

// finish ends the proxy together with the daemon and waits for it.
func (k *keeper) finish() {
	k.mu.Lock()
	id := k.record.Process
	k.mu.Unlock()
	h, err := process.Open(id)
	if err != nil {
		return // gone
	}
	defer h.Close()
	ctx, cancel := context.WithTimeout(context.Background(), k.link.Drain+askTime)
	defer cancel()
	client := control.NewClient(k.set.socket(k.name))
	defer client.Close()
	if _, err = client.Drain(ctx); err == nil {
		_, err = h.Wait(ctx)
	}
	if err != nil {
		kill(id)
	}
}
