package component

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/process"
)

// stranger is a service that somebody else starts: a script that puts a victim into the background and writes a pidfile,
// as the init scripts of daemons do.
type stranger struct {
	t       *testing.T
	spec    Spec
	pidfile string
	script  string
}

// newStranger returns a component of kind pidfile that does not run yet.
func newStranger(t *testing.T, env ...string) *stranger {
	t.Helper()
	dir := t.TempDir()
	s := &stranger{t: t, spec: victimSpec(t, "legacy", env...), pidfile: filepath.Join(dir, "run.pid"), script: filepath.Join(dir, "ctl")}
	program := s.spec.Command[0]
	s.spec.Kind, s.spec.Pidfile, s.spec.Command = Pidfile, s.pidfile, nil
	text := fmt.Sprintf(`#!/bin/sh
runs() { [ -e %[1]s ] && grep -q '^State:.[^Z]' /proc/$(cat %[1]s)/status 2>/dev/null; } # a zombie does not run
start() { if runs; then echo runs already; return; fi
  setsid %[2]s >/dev/null 2>&1 & echo $! >%[1]s; }
stop() { kill $(cat %[1]s) 2>/dev/null; sleep 0.2; }
case "$1" in start) start;; stop) stop;; restart) stop; start;; fail) echo no luck; exit 7;; esac
`, s.pidfile, program)
	if err := os.WriteFile(s.script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// launch starts the service behind the host's back.
func (s *stranger) launch() {
	s.t.Helper()
	cmd := exec.Command(s.script, "start")
	cmd.Env = append(os.Environ(), "VICTIM_LISTEN="+s.spec.Env["VICTIM_LISTEN"], "VICTIM_DEAF="+s.spec.Env["VICTIM_DEAF"])
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("start the service: %v: %s", err, out)
	}
}

func TestStrangersServiceIsAdoptedAndItsExitIsSeenAtOnce(t *testing.T) {
	s := newStranger(t)
	s.launch()
	h := newHouse(t)
	h.apply(s.spec)
	ready := h.awaitType(Ready, 1)
	killed := time.Now()
	mustSignal(t, ready.PID, syscall.SIGKILL)
	exited := h.awaitType(Exited, 1)
	t.Logf("seen %v after the kill", exited.Time.Sub(killed))
	s.launch()
	if adopted := h.awaitType(Adopted, 2); adopted.PID == ready.PID {
		t.Errorf("the new process has the old one's number %d", adopted.PID)
	}
	h.awaitType(Ready, 2)
}

func TestServiceThatDoesNotRunIsToldOnceAndFoundLater(t *testing.T) {
	s := newStranger(t)
	h := newHouse(t)
	h.apply(s.spec)
	h.awaitType(Exited, 0)
	if st, _ := h.Status("legacy"); st.State != IsDown {
		t.Errorf("state of a wanted service that does not run: got %s, want down", st.State)
	}
	s.launch()
	h.awaitType(Ready, 1)
	if n := h.count(Exited); n != 1 {
		t.Errorf("told %d times that it does not run, want once", n)
	}
}

func TestOwnCommandsRestartEvenWhatIgnoresThem(t *testing.T) {
	for name, c := range map[string]struct {
		commands []string // what the restart, stop and start commands are
		deaf     bool
		held     bool
		rungs    bool // whether the ladder is needed
	}{
		"restart command":                         {commands: []string{"restart", "", ""}},
		"stop and start command":                  {commands: []string{"", "stop", "start"}},
		"start command alone":                     {commands: []string{"", "", "start"}, rungs: true},
		"restart command, held by SIGSTOP":        {commands: []string{"restart", "", ""}, held: true},
		"restart command that only sends TERM":    {commands: []string{"restart", "", ""}, deaf: true, rungs: true},
		"failing stop command":                    {commands: []string{"", "fail", "start"}, rungs: true},
		"failing restart command, and a start":    {commands: []string{"fail", "", "start"}, rungs: true},
		"stop command that only sends TERM, deaf": {commands: []string{"", "stop", "start"}, deaf: true, rungs: true},
	} {
		t.Run(name, func(t *testing.T) {
			env := []string{"VICTIM_DEAF", ""}
			if c.deaf {
				env[1] = "yes"
			}
			s := newStranger(t, env...)
			s.spec.StopTimeout = 2 * time.Second
			own := func(arg string) []string {
				if arg == "" {
					return nil
				}
				return []string{s.script, arg}
			}
			s.spec.Commands = Commands{Restart: own(c.commands[0]), Stop: own(c.commands[1]), Start: own(c.commands[2])}
			s.launch()
			h := newHouse(t)
			h.apply(s.spec)
			first := h.awaitType(Ready, 1)
			if c.held {
				mustSignal(t, first.PID, syscall.SIGSTOP)
			}
			result, err := h.Restart(t.Context(), "legacy", Order{Reason: "test"})
			if err != nil || result.PID == 0 || result.PID == first.PID {
				t.Fatalf("Restart: got %+v, %v; want another process than %d; events:%s", result, err, first.PID, h.told())
			}
			if (len(result.Rungs) > 0) != c.rungs {
				t.Errorf("rungs: got %v, want some: %v", result.Rungs, c.rungs)
			}
			h.awaitType(Ready, 2)
			if syscall.Kill(first.PID, 0) == nil && stillRuns(first.PID) {
				t.Errorf("the old process %d still runs", first.PID)
			}
		})
	}
}

func stillRuns(pid int) bool {
	st, err := process.Read(pid)
	return err == nil && !st.Dead()
}

func TestStartWithoutAWayIsRefusedWithAHint(t *testing.T) {
	s := newStranger(t)
	h := newHouse(t)
	h.apply(s.spec)
	if _, err := h.Start(t.Context(), "legacy", Order{}); err == nil || !strings.Contains(err.Error(), "start_command") {
		t.Errorf("Start without a start command: got %v, want an error that names start_command", err)
	}
	s.launch()
	ready := h.awaitType(Ready, 1)
	if _, err := h.Restart(t.Context(), "legacy", Order{}); !errors.Is(err, ErrNoWay) || !stillRuns(ready.PID) {
		t.Errorf("Restart without a way to start: got %v, runs %v; want ErrNoWay and the service left alone", err, stillRuns(ready.PID))
	}
}

func TestFailedStartCommandIsToldWithItsWords(t *testing.T) {
	s := newStranger(t)
	s.spec.Commands.Start = []string{s.script, "fail"}
	s.spec.StartTimeout = time.Second
	h := newHouse(t)
	h.apply(s.spec)
	_, err := h.Start(t.Context(), "legacy", Order{})
	if err == nil || !strings.Contains(err.Error(), "no luck") || !strings.Contains(err.Error(), "exit code 7") {
		t.Errorf("Start with a failing command: got %v, want its exit code and words", err)
	}
}

func TestMatchFindsTheOldestParentAndNotTheHost(t *testing.T) {
	marker := "homeostat-match-" + filepath.Base(t.TempDir())
	// The shell's command line and that of its child both hold the marker.
	cmd := exec.Command("/bin/sh", "-c", "/bin/sh -c 'sleep 600; : "+marker+"' & wait; : "+marker)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	h := newHouse(t)
	h.apply(Spec{Name: "matched", Kind: Match, Match: marker, StopTimeout: time.Second})
	if adopted := h.awaitType(Adopted, 1); adopted.PID != cmd.Process.Pid {
		t.Errorf("matched pid %d, want the parent %d", adopted.PID, cmd.Process.Pid)
	}
	if v, err := h.Confirm(t.Context(), "matched"); err != nil || v.Verdict != probe.Pass {
		t.Errorf("Confirm of a component without probes: got %v, %v; want pass", v, err)
	}
	if pids := h.Processes("matched"); !slices.Contains(pids, cmd.Process.Pid) {
		t.Errorf("Processes: got %v, want the main process %d among them", pids, cmd.Process.Pid)
	}
}
