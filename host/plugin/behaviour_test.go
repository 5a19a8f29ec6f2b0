package plugin

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/plugin/supervisor"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/wire"
)

// within fails the test when the reaction takes longer than its limit. The
// limits are those of a loaded machine with two cores.
func within(t *testing.T, limit time.Duration, what string, do func()) {
	t.Helper()
	begin := time.Now()
	do()
	if took := time.Since(begin); took > limit {
		t.Errorf("%s took %v, at most %v is allowed", what, took, limit)
	}
}

func detect(t *testing.T, f *fixture, component string) ([]sdk.Anomaly, error) {
	t.Helper()
	w := window(1)
	w.Component = component
	return f.Detectors()[0].Detect(t.Context(), w)
}

func TestNoiseNeverStopsAPluginFromAnswering(t *testing.T) {
	for _, name := range []string{"noisy-json", "long-line", "noisy-stdout", "floods"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := started(t, beast(name))
			for range 3 {
				within(t, 20*time.Second, "an answer", func() {
					if _, err := detect(t, f, "web"); err != nil {
						t.Fatalf("%v; log:\n%.2000s", err, f.log)
					}
				})
			}
			if s := f.Status()[0]; s.State != supervisor.Ready || s.Restarts != 0 {
				t.Errorf("got %+v, want it ready without a restart", s)
			}
		})
	}
}

func TestWhatAPluginPrintsIsLoggedWithinBounds(t *testing.T) {
	f := started(t, beast("long-line"), beast("noisy-stdout"), beast("floods"))
	for _, d := range f.Detectors() {
		if _, err := d.Detect(t.Context(), window(1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := f.log.String()
	for _, want := range []string{"hello, I am a plugin", "a word on standard output", "a word on standard error", "lines were dropped"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if n := len(text); n > 1<<20 {
		t.Errorf("the log has %d bytes, want at most a mebibyte", n)
	}
}

func TestPluginThatHangsInACallIsReplaced(t *testing.T) {
	spec := beast("hangs-in-call")
	spec.CallTimeout = 300 * time.Millisecond
	f := started(t, spec)
	f.await(t, sdk.EventPluginSeeing)
	first := f.Status()[0].PID
	within(t, 30*time.Second, "the replacement", func() {
		for range 3 {
			if _, err := detect(t, f, "tar"); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %v, want the deadline", err)
			}
		}
		blind := f.await(t, sdk.EventPluginBlind)
		if blind.Component != "plugin/hangs-in-call" || !strings.Contains(blind.Text, "hangs") {
			t.Errorf("got %+v, want the name and the reason", blind)
		}
		f.await(t, sdk.EventPluginSeeing)
	})
	if _, err := detect(t, f, "web"); err != nil {
		t.Errorf("after the restart: %v", err)
	}
	if s := f.Status()[0]; s.PID == first || s.Restarts != 1 {
		t.Errorf("got %+v, want another process after 1 restart", s)
	}
	if gone(first) != nil {
		t.Errorf("process %d is still there", first)
	}
}

func TestStoppedPluginIsFoundByHealthCallsAndReplaced(t *testing.T) {
	f := started(t, beast("mute"))
	f.await(t, sdk.EventPluginSeeing)
	first := f.Status()[0].PID
	within(t, 30*time.Second, "the replacement", func() {
		if err := unix.Kill(first, unix.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		f.await(t, sdk.EventPluginBlind)
		f.await(t, sdk.EventPluginSeeing)
	})
	if gone(first) != nil {
		t.Errorf("process %d is still there", first)
	}
}

func TestPluginThatStopsItselfInACallCannotHoldItsCaller(t *testing.T) {
	f := started(t, beast("stops-itself"))
	within(t, 30*time.Second, "the error", func() {
		if _, err := detect(t, f, "web"); err == nil {
			t.Error("got an answer of a stopped process")
		}
	})
	f.await(t, sdk.EventPluginBlind)
}

func TestDeathInACallIsAnErrorAndARestart(t *testing.T) {
	for name, words := range map[string]string{"crashes-in-call": "exit status 4", "panics": "panic: the sky is falling"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := started(t, beast(name))
			f.await(t, sdk.EventPluginSeeing)
			within(t, 30*time.Second, "the restart", func() {
				if _, err := detect(t, f, "web"); err == nil {
					t.Error("got an answer of a dead process")
				}
				if blind := f.await(t, sdk.EventPluginBlind); !strings.Contains(blind.Text, words) {
					t.Errorf("got %q, want it to say %q", blind.Text, words)
				}
				f.await(t, sdk.EventPluginSeeing)
			})
		})
	}
}

func TestPluginThatDiesAtEveryStartIsQuarantined(t *testing.T) {
	for name, words := range map[string]string{"crashes-at-start": "exit status 3: cannot find my data", "dead-in-handshake": "before it was ready"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := started(t, beast(name))
			within(t, 40*time.Second, "the quarantine", func() {
				for range quick().FailureLimit {
					f.await(t, sdk.EventPluginBlind)
				}
			})
			s := f.Status()[0]
			if s.State != supervisor.Quarantined || s.Restarts != quick().FailureLimit-1 || time.Until(s.NextTry) < quick().Quarantine/2 {
				t.Errorf("got %+v, want quarantine at the fifth failure", s)
			}
			if !strings.Contains(s.LastError, words) {
				t.Errorf("got %q, want it to say %q", s.LastError, words)
			}
			var notReady *supervisor.NotReadyError
			if _, err := detect(t, f, "web"); !errors.As(err, &notReady) {
				t.Errorf("got %v, want a refusal that names the state", err)
			}
		})
	}
}

func TestStartHasItsOwnTimer(t *testing.T) {
	for _, name := range []string{"slow-start", "stops-early"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := beast(name)
			spec.StartTimeout = 500 * time.Millisecond
			spec.OnStartError = Fail
			f := newFixture(t, nil, spec)
			within(t, 20*time.Second, "the error", func() {
				err := f.Start(t.Context())
				if err == nil || !strings.Contains(err.Error(), "start timeout") {
					t.Errorf("got %v, want the start timeout", err)
				}
			})
		})
	}
}

func TestPluginThatCannotWorkIsRefusedWithAHint(t *testing.T) {
	cases := map[string]string{
		"newer":    "upgrade homeostat",
		"older":    "build the plugin again",
		"strategy": "it is a strategy, the configuration says detector",
	}
	for name, words := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := started(t, beast(name))
			s := f.Status()[0]
			if s.State != supervisor.Refused || !strings.Contains(s.LastError, words) {
				t.Errorf("got %s %q, want it refused with %q", s.State, s.LastError, words)
			}
		})
	}
}

func TestUnknownFeaturesAreIgnored(t *testing.T) {
	f := started(t, beast("from-the-future"))
	if s := f.Status()[0]; s.State != supervisor.Ready || len(s.Features) != 2 {
		t.Errorf("got %+v, want it ready with two unknown features", s)
	}
	if err := f.Detectors()[0].Train(t.Context(), nil); !errors.Is(err, ErrUnsupported) {
		t.Errorf("got %v, want %v", err, ErrUnsupported)
	}
}

func TestSocketOutsideItsFolderIsRefused(t *testing.T) {
	spec := beast("elsewhere")
	spec.OnStartError = Fail
	err := newFixture(t, nil, spec).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "/tmp/elsewhere") {
		t.Errorf("got %v, want the address refused", err)
	}
}

func TestEndlessMemoryIsTakenFromThePluginOnly(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector's own memory counts against the limit")
	}
	spec := beast("hungry")
	spec.Memory = 64 << 20
	f := started(t, spec)
	within(t, 60*time.Second, "the end", func() {
		if _, err := detect(t, f, "web"); !errors.Is(err, wire.ErrGone) {
			t.Errorf("got %v, want %v", err, wire.ErrGone)
		}
		// Go runs out of memory in the heap or in the stack of a new thread.
		words := regexp.MustCompile("out of memory|pthread_create|OS thread")
		if blind := f.await(t, sdk.EventPluginBlind); !words.MatchString(blind.Text) {
			t.Errorf("got %q, want it to say what was missing", blind.Text)
		}
	})
}

func TestAnswersBeyondTheRulesAreRefused(t *testing.T) {
	cases := map[string]error{"huge-answer": wire.ErrTooLarge, "many-answers": wire.ErrTooLarge, "not-a-number": ErrAnswerRefused}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := started(t, beast(name))
			if _, err := detect(t, f, "web"); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
			if s := f.Status()[0]; s.State != supervisor.Ready || s.Restarts != 0 {
				t.Errorf("got %+v, want it still ready", s)
			}
		})
	}
}

func TestValidFactsSurviveInvalidOnesBesideThem(t *testing.T) {
	f := started(t, beast("half-right"))
	found, err := detect(t, f, "web")
	if err != nil || len(found) != 2 || found[0].Kind != "good" || found[1].Kind != "good" {
		t.Errorf("got %+v, %v, want the two good ones", found, err)
	}
	if n := f.Status()[0].Refused; n != 2 {
		t.Errorf("got %d refused answers, want 2", n)
	}
}

// gone returns nil when the process does not exist any more; it waits for a
// process that is just ending.
func gone(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(20*time.Second/time.Millisecond))
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("process " + strconv.Itoa(pid) + " lives on")
	}
	return nil
}

func TestNoProcessOutlivesTheHost(t *testing.T) {
	for _, name := range []string{"mute", "deaf", "forks", "hangs-on-close", "panics-on-close", "daemonizes"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := started(t, beast(name))
			pids := []int{f.Status()[0].PID}
			found, err := detect(t, f, "web")
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range found {
				child, _ := strconv.Atoi(a.Key)
				pids = append(pids, child)
			}
			within(t, 30*time.Second, "the end", func() {
				if err := f.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
			if name == "daemonizes" { // it left the group: the host only must not wait for it
				_ = unix.Kill(pids[1], unix.SIGKILL)
				pids = pids[:1]
			}
			for _, pid := range pids {
				if err := gone(pid); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestCrashesLeaveNoSocketFiles(t *testing.T) {
	f := started(t, beast("crashes-in-call"))
	f.await(t, sdk.EventPluginSeeing)
	for range 2 {
		_, _ = detect(t, f, "web")
		f.await(t, sdk.EventPluginBlind)
		f.await(t, sdk.EventPluginSeeing)
	}
	left, err := os.ReadDir(f.sockets)
	if err != nil || len(left) != 1 {
		t.Errorf("got %v, %v, want the folder of the running process only", left, err)
	}
}
