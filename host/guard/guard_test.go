package guard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/guard"
	"github.com/homeostat/homeostat/host/guard/link"
	"github.com/homeostat/homeostat/host/guard/rescue"
)

// TestMain is also the daemon of the tests, and the guard that is killed.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("PLAY") != "":
		play(os.Getenv("PLAY"))
	case os.Getenv("GUARD_OF") != "":
		house{dir: os.Getenv("GUARD_OF")}.guardAlone()
	}
	goleak.VerifyTestMain(m)
}

const patience = 2 * time.Minute

// play is a daemon: the first line of its file says what it does, and the rest what the next ones do. It writes down that
// it was there.
func play(file string) {
	script, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	part, rest, _ := strings.Cut(string(script), "\n")
	here, _ := os.OpenFile(file+".seen", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	line, err := link.Take()
	fmt.Fprintf(here, "%s trial=%s pid=%d %v\n", part, line.Trial(), os.Getpid(), err)
	if err := os.WriteFile(file, []byte(rest), 0o600); err != nil {
		panic(err)
	}
	for word := range strings.FieldsSeq(part) {
		switch word {
		case "ready":
			_ = line.Ready()
		case "restart":
			_ = line.Restart()
			os.Exit(0)
		case "exit0":
			os.Exit(0)
		case "exit7":
			os.Exit(7)
		case "hang":
			select {}
		case "confirm":
			os.Remove(os.Getenv("JOURNALS") + "/mod_1.applied")
			os.Remove(os.Getenv("JOURNALS") + "/mod_1.0.journal")
			_ = line.Pulse()
		case "live":
			for {
				select {
				case <-stop:
					os.Exit(0)
				case <-time.After(line.Every()):
					_ = line.Pulse()
				}
			}
		}
	}
	os.Exit(0)
}

// house is a state folder, a file of the daemon's, and a script of what each daemon does.
type house struct {
	t    *testing.T
	dir  string
	log  *bytes.Buffer
	stop chan os.Signal
}

func newHouse(t *testing.T, parts ...string) house {
	t.Helper()
	h := house{t, t.TempDir(), &bytes.Buffer{}, make(chan os.Signal, 1)}
	err := errors.Join(os.MkdirAll(rescue.Journals(h.path("state")), 0o700), os.Mkdir(h.path("etc"), 0o755),
		os.WriteFile(h.path("etc/config.toml"), []byte("old"), 0o644), os.WriteFile(h.path("play"), []byte(strings.Join(parts, "\n")), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h house) path(name string) string { return filepath.Join(h.dir, name) }

// files does transactions in this process.
type files struct{ txn.Engine }

func (f files) Recover(_ context.Context, roots []string) ([]txn.Result, error) {
	return f.Engine.Recover(roots)
}
func (f files) Rollback(_ context.Context, id string) (txn.Result, error) {
	return f.Engine.Rollback(id)
}

func (h house) engine() txn.Engine { return txn.Engine{Journals: rescue.Journals(h.path("state"))} }

// change applies a change of the daemon's file and leaves it unconfirmed.
func (h house) change() house {
	h.t.Helper()
	_, err := h.engine().Apply(txn.Change{
		ID: "mod_1", Root: h.path("etc"), Label: txn.LabelSelf, Watch: time.Hour,
		Ops: []txn.Op{{Kind: txn.Write, Path: "config.toml", Data: []byte("new")}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return h
}

func (h house) options() guard.Options {
	return guard.Options{
		Program: os.Args[0], State: h.path("state"), Log: hclog.New(&hclog.LoggerOptions{Output: h.log}),
		Limits: guard.Limits{Ready: patience, Hang: patience, Stop: patience},
		Rescue: rescue.Rescue{State: h.path("state"), Files: files{h.engine()}, Retry: time.Millisecond},
	}
}

// guard runs a guard until it ends.
func (h house) guard(opt guard.Options) (int, error) {
	h.t.Helper()
	h.t.Setenv("PLAY", h.path("play"))
	h.t.Setenv("JOURNALS", rescue.Journals(h.path("state")))
	return guard.Run(h.t.Context(), opt, h.stop)
}

// seen waits for that many daemons and tells what they did.
func (h house) seen(count int) []string {
	h.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		data, _ := os.ReadFile(h.path("play.seen"))
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		if len(lines) >= count && lines[0] != "" {
			return lines
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("%d daemons were seen, want %d: %q; the guard says:\n%s", len(lines), count, lines, h.log)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// stopAt ends the guard when that many daemons were seen.
func (h house) stopAt(count int) {
	go func() {
		h.seen(count)
		h.stop <- syscall.SIGTERM
	}()
}

func (h house) wants(content string) {
	h.t.Helper()
	got, err := os.ReadFile(h.path("etc/config.toml"))
	if err != nil || string(got) != content {
		h.t.Errorf("config.toml: got %q, %v, want %q; the guard says:\n%s", got, err, content, h.log)
	}
}

// why is the reason of the note on the change.
func (h house) why() string {
	notes, err := rescue.Rescue{State: h.path("state")}.Notes()
	if err != nil {
		h.t.Error(err)
	}
	return notes["mod_1"].Why
}

func TestADaemonOnTrialThatDoesNotDoWellIsUndoneAndTheOldOneStarted(t *testing.T) {
	for _, c := range []struct{ name, part, why string }{
		{"exits with a code", "exit7", "exit status 7"},
		{"exits in order without a word", "exit0", "exit status 0"},
		{"exits when it was ready", "ready exit7", "exit status 7"},
		{"asks to be started anew again", "ready restart", "exit status 0"},
		{"never gets ready", "hang", "not ready within"},
		{"hangs when it was ready", "ready hang", "no sign of life"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, "ready restart", c.part, "ready live")
			opt := h.options()
			if strings.HasSuffix(c.part, "hang") {
				opt.Limits.Ready, opt.Limits.Hang = 10*time.Second, 2*time.Second
			}
			// The change is applied while the first daemon runs: a guard that starts undoes what it finds.
			opt.Notify = func(state string) {
				if pending, err := opt.Rescue.Pending(); state == "READY=1" && err == nil && len(pending) == 0 && h.why() == "" {
					h.change()
				}
			}
			h.stopAt(3)
			if code, err := h.guard(opt); code != 0 || err != nil {
				t.Errorf("got code %d, %v, want that of the last daemon", code, err)
			}
			h.wants("old")
			seen := h.seen(3)
			if !strings.Contains(seen[1], "trial=mod_1") || !strings.Contains(seen[2], "trial= ") {
				t.Errorf("got %q, want the second alone on trial", seen)
			}
			if why := h.why(); !strings.Contains(why, c.why) {
				t.Errorf("got the reason %q, want %q", why, c.why)
			}
		})
	}
}

func TestADaemonOnTrialThatConfirmsIsLeftAlone(t *testing.T) {
	h := newHouse(t, "ready restart", "ready confirm live")
	opt := h.options()
	opt.Notify = func(state string) {
		if len(h.seen(1)) == 1 && state == "READY=1" {
			h.change()
		}
	}
	go func() {
		for h.pending() != 0 || len(h.seen(2)) < 2 {
			time.Sleep(5 * time.Millisecond)
		}
		h.stop <- syscall.SIGTERM
	}()
	if code, err := h.guard(opt); code != 0 || err != nil {
		t.Errorf("got code %d, %v", code, err)
	}
	h.wants("new")
	if why := h.why(); why != "" {
		t.Errorf("a note was left: %q", why)
	}
}

func (h house) pending() int {
	list, err := h.options().Rescue.Pending()
	if err != nil {
		h.t.Error(err)
	}
	return len(list)
}

func TestAStartOfTheGuardUndoesWhatIsUnconfirmed(t *testing.T) {
	for _, c := range []struct{ name, boot, why string }{
		{"after a kill", "", "its guard were started anew"},
		{"after a reboot", "00000000-0000-0000-0000-000000000000", "the host was restarted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, "ready live").change()
			if c.boot != "" {
				h.boot(c.boot)
			}
			h.stopAt(1)
			if _, err := h.guard(h.options()); err != nil {
				t.Fatal(err)
			}
			h.wants("old")
			if why := h.why(); !strings.Contains(why, c.why) {
				t.Errorf("got the reason %q, want %q", why, c.why)
			}
		})
	}
}

// boot makes the change one that was applied in another boot of the host.
func (h house) boot(id string) {
	h.t.Helper()
	mark := filepath.Join(rescue.Journals(h.path("state")), "mod_1.applied")
	data, err := os.ReadFile(mark)
	if err != nil {
		h.t.Fatal(err)
	}
	now, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		h.t.Fatal(err)
	}
	other := bytes.ReplaceAll(data, bytes.TrimSpace(now), []byte(id))
	if bytes.Equal(other, data) {
		h.t.Fatalf("%s does not name the boot: %s", mark, data)
	}
	if err := os.WriteFile(mark, other, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func TestADaemonThatDiesIsStartedAgain(t *testing.T) {
	h := newHouse(t, "ready exit7", "ready live")
	h.stopAt(2)
	if code, err := h.guard(h.options()); code != 0 || err != nil {
		t.Errorf("got code %d, %v, want that of the last daemon", code, err)
	}
}

func TestTheFirstDaemonThatCannotStartEndsTheGuardWithItsCode(t *testing.T) {
	h := newHouse(t, "exit7")
	if code, err := h.guard(h.options()); code != 7 || err != nil {
		t.Errorf("got code %d, %v, want 7", code, err)
	}
}

func TestAProgramThatCannotBeStartedIsAnError(t *testing.T) {
	h := newHouse(t)
	opt := h.options()
	opt.Program = h.path("missing")
	if _, err := h.guard(opt); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("got %v, want an error that names the program", err)
	}
}

func TestASecondGuardOfTheSameStateFolderIsRefused(t *testing.T) {
	h := newHouse(t)
	folder, err := os.Open(h.path("state"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := h.guard(h.options()); err == nil || !strings.Contains(err.Error(), "another guard") {
		t.Errorf("got %v, want a refusal", err)
	}
}

// guardAlone is a guard in a process of its own.
func (h house) guardAlone() {
	h.log = &bytes.Buffer{}
	os.Setenv("PLAY", h.path("play"))
	_, err := guard.Run(context.Background(), h.options(), make(chan os.Signal))
	panic(err)
}

func TestADaemonDiesWithItsGuard(t *testing.T) {
	h := newHouse(t, "ready live")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "GUARD_OF="+h.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(h.seen(1)[0], "pid=")
	pid, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	daemon, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(daemon)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	fds := []unix.PollFd{{Fd: int32(daemon), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, int(patience.Milliseconds())); n != 1 {
		t.Errorf("the daemon lives on without its guard: %d, %v", n, err)
	}
}
