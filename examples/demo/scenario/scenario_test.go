package scenario

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/shop/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryFaultIsCompleteAndKnownToTheShop(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range all {
		if seen[f.Name] {
			t.Errorf("fault %s is there twice", f.Name)
		}
		seen[f.Name] = true
		if f.Shows == "" || len(f.Steps) == 0 {
			t.Errorf("fault %s: want a description and steps, got %q and %v", f.Name, f.Shows, f.Steps)
		}
		if l := f.Limit; !f.Calm && (l.Seen <= 0 || l.Back <= 0 || l.Orders < 1 && !f.Isolated) {
			t.Errorf("fault %s: want limits above 0, got %+v", f.Name, l)
		}
		for _, step := range f.Steps {
			name, _, _ := strings.Cut(step, "?")
			if _, err := fault.Check(fault.Order{Name: fault.Name(name)}); err != nil {
				t.Errorf("fault %s, step %s: %v", f.Name, step, err)
			}
		}
	}
}

func TestEveryFaultOfTheShopIsShown(t *testing.T) {
	shown := map[fault.Name]bool{fault.SlowStart: true} // by the settings of a victim
	for _, f := range all {
		for _, step := range f.Steps {
			name, _, _ := strings.Cut(step, "?")
			shown[fault.Name(name)] = true
		}
	}
	for _, name := range fault.Names() {
		if !shown[name] {
			t.Errorf("the demo does not show fault %s", name)
		}
	}
}

func TestSlackDoublesTheBarsButNotTheServicesOwnTime(t *testing.T) {
	l := Limit{Seen: time.Second, Back: 3 * time.Second, Own: 40 * time.Second}
	if got := l.SeenWithin(); got != 2*time.Second {
		t.Errorf("seen within: got %s, want 2s", got)
	}
	if got := l.BackWithin(); got != 46*time.Second {
		t.Errorf("back within: got %s, want 46s", got)
	}
}

func TestChooseTakesNamesAndRefusesOthers(t *testing.T) {
	if f, err := Choose(""); err != nil || len(f) != len(all) {
		t.Errorf("choose all: got %d faults (%v), want %d", len(f), err, len(all))
	}
	if f, err := Choose("hang,crash"); err != nil || len(f) != 2 || f[0].Name != "hang" || f[1].Name != "crash" {
		t.Errorf("choose hang,crash: got %v (%v)", f, err)
	}
	if _, err := Choose("crash,earthquake"); err == nil || !strings.Contains(err.Error(), "earthquake") {
		t.Errorf("choose earthquake: got %v, want an error that names it", err)
	}
}

func TestOnlyAnomaliesAfterTheInjectionCount(t *testing.T) {
	now := time.Now()
	l := Line{Fault: "web", asked: now, Injected: now}
	l.see([]daemon.Anomaly{
		{Component: "web", Kind: "old", FirstSeen: now.Add(-time.Second)},
		{Component: "store", Kind: "other", FirstSeen: now.Add(time.Millisecond)},
		{Component: "web", Kind: "late", FirstSeen: now.Add(time.Minute)},
		{Component: "web", Kind: "first", Summary: "it fell", FirstSeen: now.Add(time.Second)},
	})
	if l.SeenAfter == nil || *l.SeenAfter != time.Second || l.Seen != "first: it fell" {
		t.Errorf("got %v %q, want 1s and first: it fell", l.SeenAfter, l.Seen)
	}
}

func TestFirstActionAfterTheInjectionIsShown(t *testing.T) {
	now := time.Now()
	at := func(d time.Duration) *time.Time { t := now.Add(d); return &t }
	restart := daemon.Proposal{Actions: []daemon.Action{{Kind: "restart"}}}
	action, strategy := did([]daemon.Recovery{
		{Component: "web", Strategy: "later", Proposal: restart, ActedAt: at(time.Minute)},
		{Component: "web", Strategy: "right", Proposal: restart, ActedAt: at(time.Second)},
		{Component: "web", Strategy: "before", Proposal: restart, ActedAt: at(-time.Second)},
		{Component: "web", Strategy: "not yet", Proposal: restart},
		{Component: "store", Strategy: "elsewhere", Proposal: restart, ActedAt: at(time.Millisecond)},
	}, "web", now)
	if action != "restart" || strategy != "right" {
		t.Errorf("got %q by %q, want restart by right", action, strategy)
	}
}
