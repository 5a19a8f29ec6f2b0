package plugin

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/plugin/store"
	"github.com/homeostat/homeostat/host/plugin/supervisor"
	"github.com/homeostat/homeostat/sdk"
)

func pids(f *fixture) map[string]int {
	out := map[string]int{}
	for _, s := range f.Status() {
		out[s.Name] = s.PID
	}
	return out
}

func TestApplyRestartsOnlyWhatChanged(t *testing.T) {
	f := started(t, beast("mute"), beast("rememberer"), beast("reporter"))
	before := pids(f)
	changed := beast("rememberer")
	changed.ConfigTOML = []byte("refuse = 77")
	if err := f.Apply(t.Context(), []Spec{beast("mute"), changed}); err != nil {
		t.Fatal(err)
	}
	after := pids(f)
	if len(after) != 2 || after["mute"] != before["mute"] || after["rememberer"] == before["rememberer"] {
		t.Errorf("before %v, after %v: want mute to run on, rememberer anew, reporter gone", before, after)
	}
	for _, name := range []string{"rememberer", "reporter"} {
		if err := gone(before[name]); err != nil {
			t.Error(err)
		}
	}
}

func TestSuccessorTakesItsPredecessorsStateOver(t *testing.T) {
	f := started(t, beast("rememberer"))
	count(t, f)
	changed := beast("rememberer")
	changed.ConfigTOML = []byte("refuse = 77")
	if err := f.Apply(t.Context(), []Spec{changed}); err != nil {
		t.Fatal(err)
	}
	if got := count(t, f); got != "2" {
		t.Errorf("got %s windows, want 2", got)
	}
}

func TestApplyIsAllOrNothing(t *testing.T) {
	wrongConfig := beast("rememberer")
	wrongConfig.ConfigTOML = []byte("refuze = 77")
	wrongPin := beast("reporter")
	wrongPin.SHA256, wrongPin.Unpinned = strings.Repeat("0", 64), false
	missing := beast("reporter")
	missing.Path = "/nowhere/detector"
	mustStart := beast("crashes-at-start")
	mustStart.OnStartError = Fail
	cases := map[string]struct {
		spec Spec
		want string
	}{
		"config":   {wrongConfig, `refuze: there is no such key: did you mean "refuse"?`},
		"pin":      {wrongPin, "homeostat plugin pin"},
		"missing":  {missing, "/nowhere/detector"},
		"start":    {mustStart, "exit status 3"},
		"kind":     {beast("strategy"), "it is a strategy"},
		"unpinned": {Spec{Name: "x", Kind: KindDetector, Path: testBinary()}, "no sha256"},
	}
	f := started(t, beast("mute"))
	before := pids(f)
	for name, c := range cases {
		err := f.Apply(t.Context(), []Spec{beast("reporter"), c.spec})
		if c.spec.Name == "reporter" {
			err = f.Apply(t.Context(), []Spec{beast("mute"), c.spec})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.want)
		}
		if after := pids(f); len(after) != 1 || after["mute"] != before["mute"] {
			t.Errorf("%s: before %v, after %v, want no change", name, before, after)
		}
	}
	left, err := os.ReadDir(filepath.Join(f.state, "plugins", "programs"))
	if err != nil || len(left) != 1 {
		t.Errorf("got %v, %v, want the program in use only", left, err)
	}
}

func TestOnStartErrorDecides(t *testing.T) {
	for _, policy := range []OnStartError{Retry, Ignore} {
		spec := beast("crashes-at-start")
		spec.OnStartError = policy
		f := started(t, spec, beast("mute"))
		if _, err := f.Detectors()[1].Detect(t.Context(), window(1)); err != nil {
			t.Errorf("%s: the other plugin: %v", policy, err)
		}
		f.mu.Lock()
		blind := 0
		for _, e := range f.events {
			if e.Type == sdk.EventPluginBlind {
				blind++
			}
		}
		f.mu.Unlock()
		if (policy == Retry) != (blind > 0) {
			t.Errorf("%s: %d events of a blind detector", policy, blind)
		}
	}
	spec := beast("crashes-at-start")
	spec.OnStartError = Fail
	if err := newFixture(t, nil, spec).Start(t.Context()); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("fail: got %v, want the reason", err)
	}
}

func TestPinnedProgramRunsAndASwappedOneDoesNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugin")
	data, err := os.ReadFile(testBinary())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	spec := beast("reporter")
	spec.Path, spec.Unpinned = path, false
	if spec.SHA256, err = Hash(path); err != nil {
		t.Fatal(err)
	}
	f := started(t, spec)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	f.await(t, sdk.EventPluginSeeing)
	if err := unix.Kill(f.Status()[0].PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	f.await(t, sdk.EventPluginSeeing)
	if s := f.Status()[0]; s.State != supervisor.Ready || !s.Pinned {
		t.Errorf("got %+v, want the verified copy running", s)
	}
	var mismatch *store.MismatchError
	changed := spec
	changed.ConfigTOML = []byte("# new")
	if err := f.Apply(t.Context(), []Spec{changed}); !errors.As(err, &mismatch) {
		t.Errorf("got %v, want a mismatch", err)
	}
}

func TestCheckDescribesAndHintsAtWrongKeys(t *testing.T) {
	path := example(t, "detector-ceiling")
	d, err := Check(t.Context(), path)
	if err != nil || d.Name != "ceiling" || d.Kind != KindDetector || len(d.Settings) != 2 {
		t.Errorf("got %+v, %v, want the ceiling detector with 2 settings", d, err)
	}
	spec := Spec{Name: "c", Kind: KindDetector, Path: path, Unpinned: true, ConfigTOML: []byte("ceeling = 3")}
	_, err = CheckSpec(t.Context(), spec)
	var config *ConfigError
	if !errors.As(err, &config) || len(config.Problems) != 2 {
		t.Errorf("got %v, want the wrong key and the missing one", err)
	}
	spec.ConfigTOML, spec.Kind = []byte(`signal = "x"`), KindStrategy
	if _, err = CheckSpec(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "it is a detector") {
		t.Errorf("got %v, want the wrong kind", err)
	}
	if _, err := Check(t.Context(), "/bin/true"); err == nil {
		t.Error("/bin/true passed for a plugin")
	}
}
