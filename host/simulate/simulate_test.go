package simulate

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is enough to tell the rules apart and takes a second.
var small = Config{Worlds: 6, Seed: 2, Incidents: 120, Drift: 1}

func scores(t *testing.T, c Config) map[Policy]Score {
	t.Helper()
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	out := map[Policy]Score{}
	for _, s := range r.Scores {
		out[s.Policy] = s
	}
	return out
}

func TestTheSameSeedGivesTheSameReport(t *testing.T) {
	first, err := Run(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Run(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, again) {
		t.Errorf("got two reports for one seed:\n%+v\n%+v", first, again)
	}
	other := small
	other.Seed = 99
	if different, _ := Run(t.Context(), other); reflect.DeepEqual(first.Scores, different.Scores) {
		t.Error("got the same report for another seed")
	}
}

func TestGuardedLadderLearnsAndNeverLosesToTheLadder(t *testing.T) {
	got := scores(t, small)
	for _, p := range []Policy{Guarded, Cost, Thompson} {
		if got[p].Ratio >= got[Ladder].Ratio {
			t.Errorf("%s: got ratio %.3f, want less than the ladder's %.3f", p, got[p].Ratio, got[Ladder].Ratio)
		}
	}
	if n := got[Guarded].WorseThanLadder; n != 0 {
		t.Errorf("guarded: got %d worlds worse than the ladder, want none", n)
	}
	if got[Oracle].Ratio != 1 || got[RestartThrice].Ratio < got[Ladder].Ratio {
		t.Errorf("got oracle %.3f and three restarts %.3f, want 1 and more than the ladder", got[Oracle].Ratio, got[RestartThrice].Ratio)
	}
}

func TestEveryIncidentIsPlayedToItsEnd(t *testing.T) {
	w := newWorld(Config{Incidents: 50, Drift: 3}, 5)
	for _, p := range Policies() {
		r, err := play(w, p)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		if len(r.each) != 50 {
			t.Errorf("%s: got %d downtimes, want 50", p, len(r.each))
		}
		for n, d := range r.each {
			if d < 0 {
				t.Errorf("%s: incident %d has a downtime of %g s", p, n, d)
			}
		}
	}
}

func TestRunRefusesWhatIsOutOfRange(t *testing.T) {
	for name, c := range map[string]Config{
		"worlds": {Worlds: MaxWorlds + 1}, "incidents": {Incidents: -1}, "drift": {Incidents: 2, Drift: 3},
		"policy": {Policies: []Policy{"magic"}},
	} {
		if _, err := Run(t.Context(), c); err == nil {
			t.Errorf("%s: got no error for %+v", name, c)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, small); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestJudgeHoldsTheGuardedLadderToItsBars(t *testing.T) {
	good := Score{Policy: Guarded, Ratio: 1.1}
	slow, worse := good, good
	slow.Ratio, worse.WorseThanLadder = 1.2, 1
	if err := Judge(Report{Scores: []Score{good}}); err != nil {
		t.Errorf("got %v for %+v", err, good)
	}
	for _, s := range []Score{slow, worse, {Policy: Ladder}} {
		if Judge(Report{Scores: []Score{s}}) == nil {
			t.Errorf("got no error for %+v", s)
		}
	}
}
