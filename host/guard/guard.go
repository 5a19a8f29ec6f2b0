// Package guard is the small parent process of the daemon. It starts the daemon, passes signals on, starts it again when
// it dies or hangs, and undoes a change of the daemon's own files (configuration, plugins, program) with which the daemon
// does not come up ready and healthy.
//
// What it has to undo it knows from the journals of changes alone (package rescue); whether the daemon does well it hears
// on a pipe (package link). It reads no configuration, opens no database and no network, and runs the old program: the
// file on the disk may be the new one, but this process and the workers that it starts from its own image are not.
//
// A start of the guard, after a reboot or a kill, confirms nothing: what is unconfirmed is undone first. Only a daemon
// that has itself asked to be started anew gets one trial with its new files; if it ends in any way, or is not heard of,
// before the change is confirmed, the files are put back and the old daemon is started.
//
// A Guard runs in one goroutine, which is bound to its thread, because the daemon is to die with it (PR_SET_PDEATHSIG
// asks for the thread that started it). Two more live as long as a daemon does: one reads the pipe, one waits for its end.
package guard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/guard/rescue"
)

// Limits are how long the guard waits. All must be more than 0.
type Limits struct {
	// Ready is how long a daemon may take from its start until it says that it is ready.
	Ready time.Duration
	// Hang is how long a ready daemon may be silent.
	Hang time.Duration
	// Stop is how long a daemon may take to end.
	Stop time.Duration
}

// DefaultLimits are those of a host that is not extreme.
func DefaultLimits() Limits {
	return Limits{Ready: 2 * time.Minute, Hang: 30 * time.Second, Stop: 90 * time.Second}
}

// Options are what a Guard is made of.
type Options struct {
	// Program is the path of the daemon's program. It is looked up anew at each start.
	Program string
	// Args are its arguments, "run" among them.
	Args []string
	// State is the daemon's state folder. It may be missing before the first start.
	State  string
	Limits Limits
	Rescue rescue.Rescue
	Log    hclog.Logger
	// Stdout and Stderr become those of the daemon.
	Stdout, Stderr *os.File
	// Notify tells the service manager of the guard; nil for nobody.
	Notify func(state string)
	// WatchdogEvery is the time between two signs of life for the service manager; 0 for none.
	WatchdogEvery time.Duration
}

// Guard watches over one daemon after the other.
type Guard struct {
	opt     Options
	signals <-chan os.Signal

	folder   *os.File // the state folder, locked; nil while there is none
	tried    []string // the changes that had their trial
	everSeen bool     // a daemon was ready
	pause    backoff
}

// States for the service manager; see sd_notify(3).
const (
	notifyReady    = "READY=1"
	notifyStopping = "STOPPING=1"
	notifyAlive    = "WATCHDOG=1"
)

// Run guards until a signal ends the daemon, or until a first daemon cannot start, and returns the exit code of the last
// daemon. SIGTERM and SIGINT end it, every other signal is only passed on.
func Run(ctx context.Context, opt Options, signals <-chan os.Signal) (int, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if opt.Notify == nil {
		opt.Notify = func(string) {}
	}
	g := &Guard{opt: opt, signals: signals}
	defer g.unlock()
	if err := g.lock(); err != nil {
		return 0, err
	}
	if err := g.begin(ctx); err != nil {
		return 0, err
	}
	trial := txn.Pending{}
	for {
		end, err := g.live(trial)
		if err != nil {
			return 0, err
		}
		var over bool
		if trial, over = g.after(ctx, end); over {
			return end.code, nil
		}
	}
}

// lock keeps a second guard away from the same state folder.
func (g *Guard) lock() error {
	if g.folder != nil {
		return nil
	}
	f, err := os.OpenFile(g.opt.State, unix.O_DIRECTORY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the first daemon makes it
	}
	if err != nil {
		return fmt.Errorf("guard %s: %w", g.opt.State, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("guard %s: another guard has it (%w): stop that one, or give this one another state folder", g.opt.State, err)
	}
	g.folder = f
	return nil
}

func (g *Guard) unlock() {
	if g.folder != nil {
		g.folder.Close()
	}
}

// begin undoes what an earlier guard and its daemon left unconfirmed.
func (g *Guard) begin(ctx context.Context) error {
	pending, err := g.opt.Rescue.Pending()
	if err != nil {
		return err
	}
	why := "the daemon and its guard were started anew before the change was confirmed"
	if slices.ContainsFunc(pending, func(p txn.Pending) bool { return p.Applied != nil && p.Applied.BootID != bootID() }) {
		why = "the host was restarted before the change was confirmed"
	}
	_, err = g.undo(ctx, why)
	return err
}

// bootID names this boot of the host.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// undo undoes what is unconfirmed and tells whether that was anything. Only a state folder in use is an error: whatever
// else goes wrong is in a note, and a daemon has to run all the same.
func (g *Guard) undo(ctx context.Context, why string) (bool, error) {
	notes, err := g.opt.Rescue.Undo(ctx, why)
	for _, n := range notes {
		log := g.opt.Log.With("change", n.Change, "why", n.Why)
		if n.Problem != "" {
			log.Error("a change of homeostat itself could not be undone; look at it", "problem", n.Problem)
			continue
		}
		log.Warn("a change of homeostat itself was undone, the old files are back", "folder", n.Root, "paths", n.Paths)
	}
	if errors.Is(err, rescue.ErrInUse) {
		return false, fmt.Errorf("undo an unconfirmed change: %w: stop that daemon first", err)
	}
	if err != nil {
		g.opt.Log.Error("undoing did not go as it should; the daemon is started all the same", "error", err)
	}
	return len(notes) > 0, nil
}

// after decides what follows the end of a daemon: another one, which may be a trial, or the end of the guard.
func (g *Guard) after(ctx context.Context, e ending) (trial txn.Pending, over bool) {
	log := g.opt.Log.With("code", e.code, "how", e.text)
	if e.wanted {
		log.Info("the daemon has ended as it was told")
		return txn.Pending{}, true
	}
	if e.restart {
		if next, ok := g.trialOf(); ok {
			log.Info("the daemon is started anew to try a change of itself", "change", next.ID)
			return next, false
		}
	}
	undone, err := g.undo(ctx, e.reason())
	switch {
	case err != nil:
		log.Error("a change of homeostat itself is not undone; trying again", "error", err)
	case undone, e.restart:
		log.Info("the daemon is started anew")
		return txn.Pending{}, false
	case e.code == 0 && e.killed == "":
		log.Info("the daemon has ended by itself, and in order: so does its guard")
		return txn.Pending{}, true
	case !g.everSeen && e.killed == "":
		log.Error("the daemon did not start; its own words say why")
		return txn.Pending{}, true
	}
	span := g.pause.after(e.lasted)
	log.Error("the daemon has ended, it is started again; its components run on", "reason", e.reason(), "in", span)
	return txn.Pending{}, g.wait(span)
}

// trialOf is the change that a daemon which asked to be started anew is to be tried with, once.
func (g *Guard) trialOf() (txn.Pending, bool) {
	pending, err := g.opt.Rescue.Pending()
	if err != nil || len(pending) != 1 || pending[0].Applied == nil || slices.Contains(g.tried, pending[0].ID) {
		return txn.Pending{}, false
	}
	g.tried = append(g.tried, pending[0].ID)
	return pending[0], true
}

// wait lets time pass and tells whether a signal ended it.
func (g *Guard) wait(span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	watchdog := newWatchdog(g.opt.WatchdogEvery)
	defer watchdog.Stop()
	for {
		select {
		case <-timer.C:
			return false
		case <-watchdog.C:
			g.opt.Notify(notifyAlive)
		case s := <-g.signals:
			if ends(s) {
				return true
			}
		}
	}
}

func ends(s os.Signal) bool { return s == unix.SIGTERM || s == unix.SIGINT }

// backoff grows from one death to the next, and begins anew after a daemon that has lasted.
type backoff struct{ span time.Duration }

// Bounds of the time between a death and the next start.
const (
	firstPause = time.Second
	maxPause   = time.Minute
)

func (b *backoff) after(lasted time.Duration) time.Duration {
	if lasted >= maxPause {
		b.span = 0
	}
	b.span = min(max(2*b.span, firstPause), maxPause)
	return b.span
}

// newWatchdog returns a ticker; one that never ticks where there is nobody to tell.
func newWatchdog(every time.Duration) *time.Ticker {
	if every > 0 {
		return time.NewTicker(every)
	}
	const never = 1 << 62
	return time.NewTicker(never)
}

// Find returns the absolute path of the daemon's program: the given one, or that of this process as it was started.
func Find(program string) (string, error) {
	if program == "" {
		return os.Executable()
	}
	path, err := filepath.Abs(program)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("find the daemon's program: %w; correct --program", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return "", fmt.Errorf("%s is no program; correct --program", path)
	}
	return path, nil
}
