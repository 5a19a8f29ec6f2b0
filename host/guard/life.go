package guard

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/guard/link"
)

// ending is how a daemon ended.
type ending struct {
	// code is its exit code; 128 and the signal where a signal ended it.
	code int
	text string
	// killed says why the guard has killed it; empty if it has not.
	killed string
	// wanted says that a signal to the guard asked for the end, restart that the daemon itself wants a successor.
	wanted, restart bool
	lasted          time.Duration
}

// reason says why the daemon is no more, in a sentence.
func (e ending) reason() string {
	if e.killed != "" {
		return e.killed
	}
	return "the daemon ended: " + e.text
}

// life is one daemon that runs.
type life struct {
	*Guard
	trial  txn.Pending
	vigil  *vigil
	cmd    *exec.Cmd
	pipe   *os.File
	words  chan string
	exited chan error
	began  time.Time
	wanted bool
	killed string
}

// wordsInFlight is how many words may wait; a daemon says one every few seconds.
const wordsInFlight = 16

// live starts a daemon and returns when it has ended.
func (g *Guard) live(trial txn.Pending) (ending, error) {
	l := &life{Guard: g, trial: trial, words: make(chan string, wordsInFlight), exited: make(chan error, 1), began: time.Now()}
	if err := l.start(); err != nil {
		if trial.ID == "" && !g.everSeen {
			return ending{}, err
		}
		return ending{code: exitNotStarted, text: err.Error()}, nil
	}
	limits, watch := g.opt.Limits, time.Duration(0)
	if trial.ID != "" {
		// A change has no longer to prove itself than its author has declared.
		limits.Ready, watch = min(limits.Ready, max(trial.Watch, leastReady)), trial.Watch
	}
	l.vigil = newVigil(limits, watch, l.began)
	return l.loop(), nil
}

// leastReady is how long every daemon may take to be ready, however short the watch over its change.
const leastReady = 10 * time.Second

// exitNotStarted stands for the exit code of a program that could not be started, as in a shell.
const exitNotStarted = 126

// pulses is how many signs of life fall into the time that a silent daemon has.
const pulses = 4

// start starts the program, and what listens to it.
func (l *life) start() error {
	ours, its, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start the daemon: %w", err)
	}
	const firstExtra = 3 // see exec.Cmd.ExtraFiles
	setting := link.Setting{FD: firstExtra, Pulse: l.opt.Limits.Hang / pulses, Trial: l.trial.ID}
	l.cmd = exec.Command(l.opt.Program, l.opt.Args...)
	l.cmd.Stdout, l.cmd.Stderr = l.opt.Stdout, l.opt.Stderr
	l.cmd.ExtraFiles = []*os.File{its}
	l.cmd.Env = append(environment(os.Environ()), setting.Environment())
	// A group of its own: a Ctrl-C reaches it through the guard alone.
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	err = l.cmd.Start()
	its.Close()
	if err != nil {
		ours.Close()
		return fmt.Errorf("start the daemon: %w", err)
	}
	l.pipe = ours
	go l.read(ours)
	go func() { l.exited <- l.cmd.Wait() }()
	return nil
}

// environment leaves out what concerns the guard and its service manager.
func environment(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains([]string{link.Variable, "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}, name)
	})
}

// read hands on what the daemon says, until the end of the pipe.
func (l *life) read(pipe io.Reader) {
	defer close(l.words)
	const longest = 256 // a daemon that is broken may write anything
	reader := bufio.NewReaderSize(pipe, longest)
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
		l.words <- strings.TrimSpace(string(line))
	}
}

// loop listens until the daemon has ended.
func (l *life) loop() ending {
	watchdog := newWatchdog(l.opt.WatchdogEvery)
	defer watchdog.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	words := l.words
	for {
		timer.Reset(l.patience())
		select {
		case word, ok := <-words:
			if !ok {
				words = nil // it has closed the pipe, and is judged by its silence
				continue
			}
			l.hear(word)
		case err := <-l.exited:
			l.drain()
			return l.ended(err)
		case s := <-l.signals:
			l.pass(s)
		case <-watchdog.C:
			l.opt.Notify(notifyAlive)
		case <-timer.C:
			l.judge()
		}
	}
}

// patience is how long nothing has to be judged.
func (l *life) patience() time.Duration {
	if l.killed != "" {
		return time.Minute // only its end is awaited by now
	}
	return max(time.Until(l.vigil.next()), time.Millisecond)
}

// hear takes in a word.
func (l *life) hear(word string) {
	was := l.vigil.ready()
	l.vigil.hear(time.Now(), word)
	if l.vigil.ready() && !was {
		l.everSeen = true
		l.opt.Notify(notifyReady)
		if err := l.lock(); err != nil {
			l.opt.Log.Warn("the state folder is not kept for this guard alone", "error", err)
		}
	}
	if l.trial.ID != "" && l.settled() {
		l.opt.Log.Info("the change of homeostat itself is decided", "change", l.trial.ID)
		l.vigil.settled()
		l.trial = txn.Pending{}
	}
}

// settled says that the change that is tried is no longer open, by its journal.
func (l *life) settled() bool {
	pending, err := l.opt.Rescue.Pending()
	return err == nil && !slices.ContainsFunc(pending, func(p txn.Pending) bool { return p.ID == l.trial.ID })
}

// judge kills a daemon whose time is over.
func (l *life) judge() {
	if why := l.vigil.overdue(time.Now()); why != "" && l.killed == "" {
		l.killed = why
		l.opt.Log.Error("the daemon is killed", "reason", why)
		_ = l.cmd.Process.Kill() // it fails for a process that has ended, which is what is wanted
	}
}

// pass hands a signal on.
func (l *life) pass(s os.Signal) {
	if ends(s) {
		l.wanted = true
		l.vigil.end(time.Now())
		l.opt.Notify(notifyStopping)
	}
	_ = l.cmd.Process.Signal(s) // as above
}

// drainTime bounds the reading of last words: somebody else may hold the other end of the pipe.
const drainTime = time.Second

// drain takes in what the daemon said before its end.
func (l *life) drain() {
	_ = l.pipe.SetReadDeadline(time.Now().Add(drainTime)) // without one the end of the pipe is waited for
	for word := range l.words {
		l.hear(word)
	}
	l.pipe.Close()
}

// ended tells how it ended.
func (l *life) ended(err error) ending {
	e := ending{killed: l.killed, wanted: l.wanted, restart: l.vigil.restart && l.killed == "", lasted: time.Since(l.began), text: "exit code 0"}
	state := l.cmd.ProcessState
	if state == nil {
		e.code, e.text = exitNotStarted, fmt.Sprint(err)
		return e
	}
	e.code, e.text = state.ExitCode(), state.String()
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		const bySignal = 128 // as in a shell
		e.code, e.text = bySignal+int(status.Signal()), "signal "+unix.SignalName(status.Signal())
	}
	return e
}
