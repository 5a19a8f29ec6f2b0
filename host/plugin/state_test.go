package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/sdk"
)

// count asks the rememberer and returns how many windows it remembers.
func count(t *testing.T, f *fixture) string {
	t.Helper()
	found, err := detect(t, f, "web")
	if err != nil || len(found) != 1 {
		t.Fatalf("got %v, %v, want one answer; log:\n%s", found, err, f.log)
	}
	return found[0].Key
}

// again makes a host on the same state folder.
func again(t *testing.T, old *fixture, specs ...Spec) *fixture {
	t.Helper()
	f := newFixture(t, func(o *Options) { o.StateDir = old.state }, specs...)
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestStateSurvivesAStop(t *testing.T) {
	first := started(t, beast("rememberer"))
	count(t, first)
	if got := count(t, first); got != "2" {
		t.Fatalf("got %s windows, want 2", got)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := count(t, again(t, first, beast("rememberer"))); got != "3" {
		t.Errorf("got %s windows after the stop, want 3", got)
	}
}

func TestStateIsSavedFromTimeToTimeAndGivenBackAfterACrash(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Timing.SaveEvery = 50 * time.Millisecond }, beast("rememberer"))
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.await(t, sdk.EventPluginSeeing)
	count(t, f)
	saved := filepath.Join(f.state, "plugins", "state", "rememberer.state")
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if data, err := os.ReadFile(saved); err == nil && data[len(data)-1] == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the state was not saved")
		}
	}
	if err := unix.Kill(f.Status()[0].PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	f.await(t, sdk.EventPluginSeeing)
	if got := count(t, f); got != "2" {
		t.Errorf("got %s windows after the crash, want 2", got)
	}
}

// killed ends the fixture's only plugin at once and waits until it is back.
func killed(t *testing.T, f *fixture) {
	t.Helper()
	if err := unix.Kill(f.Status()[0].PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); f.Strategies()[0].Ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the kill was not noticed")
		}
	}
	for deadline := time.Now().Add(patience); !f.Strategies()[0].Ready(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the plugin did not come back; log:\n%s", f.log)
		}
	}
}

func TestWhatASearchWasToldIsDurableWhenTellReturns(t *testing.T) {
	spec := beast("searcher")
	spec.Kind = KindStrategy
	f := newFixture(t, func(o *Options) { o.Timing.SaveEvery, o.Timing.FailureLimit = time.Hour, 100 }, spec)
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := sdk.Problem{Component: "web", Budget: 1, Parameters: []sdk.Parameter{{Name: "x", Type: sdk.TypeFloat, Max: 1}}}
	for n := range 3 {
		if err := f.Strategies()[0].Tell(t.Context(), p, []sdk.Score{{Genome: 1}}); err != nil {
			t.Fatal(err)
		}
		killed(t, f)
		state, err := f.store.LoadState("searcher")
		if err != nil || len(state) != 3 || state[1] != byte(n+1) {
			t.Fatalf("after Tell %d and a kill: got state %v, %v", n+1, state, err)
		}
	}
	if err := f.Strategies()[0].Learn(t.Context(), sdk.Outcome{Component: "web", Incident: "1", Result: sdk.ResultHealed}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if state, err := f.store.LoadState("searcher"); err == nil && state[2] == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("what it was taught was not saved")
		}
	}
	killed(t, f)
	out, err := f.Strategies()[0].Propose(t.Context(), sdk.Incident{ID: "1", Component: "web"})
	if err != nil || out.Reason != "asked 1, told 3, taught 1" {
		t.Errorf("after the kills: got %q, %v", out.Reason, err)
	}
}

func TestStateThatCannotBeUsedIsSetAside(t *testing.T) {
	cases := map[string]func(t *testing.T, file string, spec *Spec){
		"refused": func(_ *testing.T, _ string, spec *Spec) { spec.ConfigTOML = []byte("refuse = 1") },
		"damaged": func(t *testing.T, file string, _ *Spec) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)-1] ^= 1
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"cut short": func(t *testing.T, file string, _ *Spec) {
			if err := os.Truncate(file, 20); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := started(t, beast("rememberer"))
			count(t, first)
			if err := first.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(first.state, "plugins", "state", "rememberer.state")
			spec := beast("rememberer")
			spoil(t, file, &spec)
			f := again(t, first, spec)
			if got := count(t, f); got != "1" {
				t.Errorf("got %s windows, want a fresh start", got)
			}
			if _, err := os.Stat(file + ".refused"); err != nil {
				t.Errorf("the old state was not kept: %v", err)
			}
			if !strings.Contains(f.log.String(), "starts without its saved state") {
				t.Errorf("the log says nothing:\n%s", f.log)
			}
		})
	}
}

func TestStateBeyondItsLimitIsNotKept(t *testing.T) {
	f := started(t, beast("forgetful"))
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(f.state, "plugins", "state", "forgetful.state")); !os.IsNotExist(err) {
		t.Errorf("got %v, want no state file", err)
	}
	if !strings.Contains(f.log.String(), "state was not saved") {
		t.Errorf("the log says nothing:\n%s", f.log)
	}
}
