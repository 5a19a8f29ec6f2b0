package component

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/process"
)

func TestApplyIsAllOrNothing(t *testing.T) {
	h := newHouse(t)
	good := victimSpec(t, "good")
	for name, bad := range map[string]Spec{
		"no name":            {Kind: Command, Command: []string{"true"}},
		"slash in the name":  {Name: "a/b", Kind: Command, Command: []string{"true"}},
		"no kind":            {Name: "bad"},
		"no command":         {Name: "bad", Kind: Command},
		"own start":          {Name: "bad", Kind: Command, Command: []string{"true"}, Commands: Commands{Start: []string{"true"}}},
		"no pidfile":         {Name: "bad", Kind: Pidfile},
		"no match":           {Name: "bad", Kind: Match},
		"broken match":       {Name: "bad", Kind: Match, Match: "("},
		"no unit":            {Name: "bad", Kind: Unit},
		"no such user":       {Name: "bad", Kind: Command, Command: []string{"true"}, User: "no-such-user"},
		"unknown dependency": {Name: "bad", Kind: Command, Command: []string{"true"}, DependsOn: []string{"none"}},
		"depends on itself":  {Name: "bad", Kind: Command, Command: []string{"true"}, DependsOn: []string{"bad"}},
		"wrong on_exit":      {Name: "bad", Kind: Command, Command: []string{"true"}, OnExit: "maybe"},
		"same name":          {Name: "good", Kind: Command, Command: []string{"true"}},
	} {
		if err := h.Apply(t.Context(), []Spec{good, bad}); err == nil {
			t.Errorf("%s: Apply took it", name)
		}
	}
	if st := h.Statuses(); len(st) != 0 {
		t.Errorf("after refused specs: got %d components, want none", len(st))
	}
}

func TestUnitsAreRefusedWithoutSystemd(t *testing.T) {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		t.Skip("systemd is process 1 here")
	}
	err := Check([]Spec{{Name: "cron", Kind: Unit, Unit: "cron.service"}})
	if err == nil || !strings.Contains(err.Error(), "systemd is not process 1") {
		t.Errorf("Check of a unit: got %v, want an error that says why", err)
	}
}

func TestReloadTouchesNoProcessAndTellsWhatIsOutdated(t *testing.T) {
	h := newHouse(t)
	kept, changed, removed := victimSpec(t, "kept"), victimSpec(t, "changed"), victimSpec(t, "removed")
	removed.OnExit = End
	h.apply(kept, changed, removed)
	pids := make(map[string]int)
	for _, name := range []string{"kept", "changed", "removed"} {
		pids[name] = h.await(name+" is ready", func(e Event) bool { return e.Type == Ready && e.Component == name }).PID
	}
	changed.Env["VICTIM_NEW"] = "yes"
	changed.Probes = append(changed.Probes, probe.Spec{Kind: probe.TCP, Address: changed.Env["VICTIM_LISTEN"]})
	h.apply(kept, cloned(changed))
	for _, name := range []string{"kept", "changed"} {
		st, _ := h.Status(name)
		if st.PID != pids[name] || st.Outdated != (name == "changed") {
			t.Errorf("%s after the reload: got pid %d, outdated %v; want pid %d", name, st.PID, st.Outdated, pids[name])
		}
	}
	h.await("the added probe passes", func(e Event) bool {
		return e.Component == "changed" && e.Probe != nil && e.Probe.Probe == "tcp-2" && e.Probe.Verdict == probe.Pass
	})
	if _, ok := h.Status("removed"); ok || stillRuns(pids["removed"]) {
		t.Errorf("a removed component with on_exit stop is still there: %v, runs %v", ok, stillRuns(pids["removed"]))
	}
	if _, err := h.Restart(t.Context(), "changed", Order{}); err != nil {
		t.Fatal(err)
	}
	if st, _ := h.Status("changed"); st.Outdated {
		t.Error("still outdated after a restart")
	}
}

// cloned returns the spec with an environment of its own, as a second reading of a configuration has.
func cloned(s Spec) Spec {
	env := make(map[string]string)
	for k, v := range s.Env {
		env[k] = v
	}
	s.Env = env
	return s
}

func TestDependencyIsReadyBeforeItsDependentStarts(t *testing.T) {
	h := newHouse(t)
	web, store := victimSpec(t, "web"), victimSpec(t, "store", "VICTIM_SLOW", "300ms")
	web.DependsOn = []string{"store"}
	h.apply(web, store)
	started := h.await("web is started", func(e Event) bool { return e.Type == Started && e.Component == "web" })
	ready := h.await("store is ready", func(e Event) bool { return e.Type == Ready && e.Component == "store" })
	if started.Time.Before(ready.Time) {
		t.Errorf("web was started %v before store was ready", ready.Time.Sub(started.Time))
	}
}

func TestOnExitStopEndsWithTheSet(t *testing.T) {
	h := newHouse(t)
	spec := victimSpec(t, "web")
	spec.OnExit = End
	h.apply(spec)
	pid := h.awaitType(Ready, 1).PID
	left, err := h.Close(t.Context())
	if err != nil || len(left) != 0 || stillRuns(pid) {
		t.Errorf("Close: got left %v, %v, runs %v; want it ended", left, err, stillRuns(pid))
	}
	next := openHouse(t, h.dir)
	next.apply(spec)
	next.awaitType(Ready, 2)
}

func TestServiceRunsAsItsUserWithALeanEnvironment(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may run services as another user")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("there is no user nobody")
	}
	t.Setenv("HOST_SECRET", "do not tell")
	h := newHouse(t)
	h.apply(Spec{
		Name: "sleeper", Kind: Command, User: "nobody", Env: map[string]string{"OWN": "x"}, StopTimeout: time.Second,
		Command: []string{"/bin/sh", "-c", "echo hello >/dev/stdout; id -u; exec sleep 600"},
	})
	started := h.awaitType(Ready, 1)
	info, err := os.Stat("/proc/" + strconv.Itoa(started.PID))
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; strconv.Itoa(int(uid)) != nobody.Uid {
		t.Errorf("user id: got %d, want %s", uid, nobody.Uid)
	}
	env := strings.Join(process.Environment(started.PID), "\n")
	for text, want := range map[string]bool{"HOST_SECRET": false, "OWN=x": true, "USER=nobody": true, "HOMEOSTAT_INSTANCE=": true} {
		if strings.Contains(env, text) != want {
			t.Errorf("environment holds %q: got %v, want %v", text, !want, want)
		}
	}
	st, _ := h.Status("sleeper")
	awaitOutput(t, st.Output, "hello\n"+nobody.Uid+"\n")
}

// awaitOutput waits until the file holds the text.
func awaitOutput(t *testing.T, path, want string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		got, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(got), want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("output %s: got %q, %v; want %q", filepath.Base(path), got, err, want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
