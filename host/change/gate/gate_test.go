package gate_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/ratelimit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	noon  = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	alice = gate.Subject{By: "alice", Root: "site", Component: "web"}
	bob   = gate.Subject{By: "bob", Root: "site", Component: "web"}
	asked = gate.Asked{Key: "k", Context: "c"}
)

// disk is where a gate is saved; open opens another daemon's gate from it.
type disk struct {
	t    *testing.T
	data []byte
	fail error
}

func (d *disk) open() *gate.Gate {
	d.t.Helper()
	var s gate.State
	if d.data != nil {
		if err := json.Unmarshal(d.data, &s); err != nil {
			d.t.Fatal(err)
		}
	}
	g, err := gate.Open(gate.Config{
		Breaker: breaker.DefaultConfig(),
		Rate:    ratelimit.Config{Max: 3, PerAuthor: 3, PerComponent: 3, Window: time.Minute},
		Save: func(s gate.State) (err error) {
			if d.fail == nil {
				d.data, err = json.Marshal(s)
			}
			return errors.Join(err, d.fail)
		},
	}, s)
	if err != nil {
		d.t.Fatal(err)
	}
	return g
}

func admit(t *testing.T, g *gate.Gate, at time.Time, who gate.Subject) gate.Pass {
	t.Helper()
	p, refused, _, err := g.Admit(at, who, asked)
	if err != nil || len(refused) > 0 {
		t.Fatalf("admit at %s: refused %v, %v", at, refused, err)
	}
	return p
}

// end ends changes of a subject, one a minute.
func end(t *testing.T, g *gate.Gate, who gate.Subject, r gate.Result, times int) time.Time {
	t.Helper()
	at := noon
	for range times {
		if err := g.Return(at, admit(t, g, at, who), r); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Minute)
	}
	return at
}

func rules(g *gate.Gate, at time.Time, who gate.Subject) []string {
	var names []string
	for _, r := range g.Check(at, who, asked) {
		names = append(names, r.Rule)
	}
	return names
}

func TestHarmIsHeldAgainstAll(t *testing.T) {
	d := &disk{t: t}
	g := d.open()
	at := end(t, g, alice, gate.Harmful, 5)
	for _, who := range []gate.Subject{alice, bob} {
		if got := rules(d.open(), at, who); len(got) != 1 || got[0] != "breaker.open" {
			t.Errorf("%s, after a restart: got %v, want breaker.open", who.By, got)
		}
	}
	if err := g.Reset(at); err != nil {
		t.Fatal(err)
	}
	if got := rules(g, at, bob); len(got) != 0 {
		t.Errorf("after a reset: got %v, want nothing", got)
	}
}

func TestUnsoundChangesAreHeldAgainstTheirAuthorAlone(t *testing.T) {
	d := &disk{t: t}
	at := end(t, d.open(), alice, gate.Unsound, 5)
	if got := rules(d.open(), at, alice); len(got) != 1 || got[0] != "breaker.open" {
		t.Errorf("alice: got %v, want breaker.open", got)
	}
	if got := rules(d.open(), at, bob); len(got) != 0 {
		t.Errorf("bob: got %v, want nothing", got)
	}
}

func TestLimitOutlivesTheDaemon(t *testing.T) {
	d := &disk{t: t}
	for range 3 {
		admit(t, d.open(), noon, alice)
	}
	if got := rules(d.open(), noon, bob); len(got) == 0 || got[0] != "rate.window" {
		t.Errorf("got %v, want rate.window", got)
	}
	if got := rules(d.open(), noon.Add(time.Minute), bob); len(got) != 0 {
		t.Errorf("a minute later: got %v, want nothing", got)
	}
}

func TestSwitchedOffGatesWarnForAQuarterOfAnHour(t *testing.T) {
	d := &disk{t: t}
	g := d.open()
	for range 3 {
		admit(t, g, noon, alice)
	}
	off, err := g.SwitchOff(noon, gate.Off{By: "root", Until: noon.Add(24 * time.Hour)})
	if err != nil || !off.Until.Equal(noon.Add(gate.MaxOff)) {
		t.Fatalf("got %+v, %v, want it cut to %s", off, err, gate.MaxOff)
	}
	_, refused, warnings, err := g.Admit(noon, alice, asked)
	if err != nil || len(refused) > 0 || len(warnings) == 0 {
		t.Errorf("off: refused %v, warnings %v, %v, want warnings alone", refused, warnings, err)
	}
	if !d.open().IsOff(noon.Add(gate.MaxOff - time.Second)) {
		t.Error("a restart has switched the gates on")
	}
	if g.IsOff(noon.Add(gate.MaxOff)) || g.IsOff(noon.Add(-24*time.Hour)) {
		t.Error("the gates are off too long, or after the clock was set back")
	}
}

func TestWhatCannotBeWrittenDownIsNotAdmitted(t *testing.T) {
	d := &disk{t: t}
	g := d.open()
	d.fail = errors.New("no space left on device")
	if _, _, _, err := g.Admit(noon, alice, asked); !errors.Is(err, d.fail) {
		t.Errorf("got %v, want %v", err, d.fail)
	}
}

func TestRejectedIsRememberedForItsFilesUntilLifted(t *testing.T) {
	d := &disk{t: t}
	if err := d.open().Remember(gate.Rejected{Key: "k", Context: "c", Change: "mod_1", Why: "it broke", At: noon}); err != nil {
		t.Fatal(err)
	}
	g := d.open()
	if got := rules(g, noon, alice); len(got) != 1 || got[0] != "memory.rejected" {
		t.Errorf("got %v, want memory.rejected", got)
	}
	if got := g.Check(noon, alice, gate.Asked{Key: "k", Context: "other"}); len(got) != 0 {
		t.Errorf("on other files: got %v, want nothing", got)
	}
	if err := g.Lift("mod_2"); !errors.Is(err, gate.ErrUnknown) {
		t.Errorf("lift of another: got %v, want %v", err, gate.ErrUnknown)
	}
	if err := g.Lift("mod_1"); err != nil || len(rules(d.open(), noon, alice)) != 0 {
		t.Errorf("after lifting: %v, %v", err, rules(d.open(), noon, alice))
	}
}

func TestOtherLimitsHoldAtOnceAndForgetNothing(t *testing.T) {
	d := &disk{t: t}
	g := d.open()
	out := admit(t, g, noon, alice)
	admit(t, g, noon, bob)
	b := breaker.DefaultConfig()
	b.Failures = 1
	if err := g.Configure(b, ratelimit.Config{Max: 2, PerAuthor: 2, PerComponent: 2, Window: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if _, refused, _, _ := g.Admit(noon.Add(time.Second), alice, asked); len(refused) == 0 || refused[0].Limit == "" {
		t.Errorf("a third change under a limit of two: got %v, want a refusal", refused)
	}
	if err := g.Return(noon.Add(time.Second), out, gate.Harmful); err != nil {
		t.Fatal(err)
	}
	if s := g.Status(noon.Add(2 * time.Second)); s.Breaker != breaker.Open || s.Max != 2 || s.Metrics.ConsecutiveFailures != 1 {
		t.Errorf("after one failure under a limit of one: got %+v, want the breaker open", s)
	}
}

func TestWrongLimitsChangeNothing(t *testing.T) {
	d := &disk{t: t}
	g := d.open()
	if err := g.Configure(breaker.Config{}, ratelimit.DefaultConfig()); err == nil {
		t.Error("a breaker without limits: got nil, want an error")
	}
	if err := g.Configure(breaker.DefaultConfig(), ratelimit.Config{}); err == nil {
		t.Error("a rate without limits: got nil, want an error")
	}
	if s := g.Status(noon); s.Max != 3 {
		t.Errorf("got a limit of %d, want 3 as before", s.Max)
	}
}
