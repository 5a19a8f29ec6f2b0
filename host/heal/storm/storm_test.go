package storm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestComponentWaitsUntilItsOldestLeavesTheWindow(t *testing.T) {
	b, l := &Book{}, Limits{Component: 2, Host: 10, Window: time.Minute}
	b.Add("1", "web", noon, noon)
	b.Add("2", "web", noon.Add(10*time.Second), noon.Add(10*time.Second))
	at, why := b.Free("web", l, noon.Add(20*time.Second))
	if !at.Equal(noon.Add(time.Minute)) || !strings.Contains(why, "2 recoveries of web") {
		t.Errorf("web waits until %v (%s), want a minute after its first", at, why)
	}
	if at, why := b.Free("store", l, noon.Add(20*time.Second)); !at.IsZero() {
		t.Errorf("store waits until %v (%s), want not at all", at, why)
	}
	b.Drop("2")
	if at, _ := b.Free("web", l, noon.Add(20*time.Second)); !at.IsZero() {
		t.Errorf("web waits until %v though one was not carried out", at)
	}
}

// TestNoWindowEverHoldsMoreThanTheLimits lets recoveries begin whenever the
// book allows it, and counts every window.
func TestNoWindowEverHoldsMoreThanTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Limits{Component: rapid.IntRange(1, 4).Draw(t, "component"), Host: rapid.IntRange(1, 6).Draw(t, "host"), Window: time.Minute}
		b, now := &Book{}, noon
		var all []start
		for n := range rapid.IntRange(1, 60).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "pause")) * time.Millisecond)
			name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "of")
			at, _ := b.Free(name, l, now)
			if !at.IsZero() {
				if !at.After(now) {
					t.Fatalf("told to wait until %v, which is not after %v", at, now)
				}
				continue
			}
			id := fmt.Sprint(n)
			b.Add(id, name, now, now)
			all = append(all, start{id, name, now})
		}
		for _, last := range all {
			own, host := 0, 0
			for _, s := range all {
				if age := last.at.Sub(s.at); age >= 0 && age < l.Window {
					host++
					if s.component == last.component {
						own++
					}
				}
			}

			if own > l.Component || host > l.Host {
				t.Fatalf("%d of %s and %d in all within a minute, limits are %d and %d", own, last.component, host, l.Component, l.Host)
			}
		}
	})
}

func TestStartFromTheFutureCountsAsOfNow(t *testing.T) {
	b, l := &Book{}, Limits{Component: 1, Window: time.Minute}.WithDefaults()
	l.Component = 1
	b.Add("1", "web", noon.Add(time.Hour), noon)
	if at, _ := b.Free("web", l, noon); !at.Equal(noon.Add(time.Minute)) {
		t.Errorf("web waits until %v, want a minute from now", at)
	}
}
