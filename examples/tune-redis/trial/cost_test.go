package trial

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/tune-redis/guess"
)

func TestCostOfADriftIsDividedByWhatWasInForce(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	at := func(second int) time.Time { return begin.Add(time.Duration(second) * time.Second) }
	began := func(second int, result string) daemon.Recovery {
		when := at(second)
		return daemon.Recovery{StartedAt: &when, Result: result}
	}
	var samples []sample
	for n, name := range []string{"calm", "edit", "calm", "wide"} {
		p := phase{name: name, drifted: name != "calm", from: at(10 * n)}
		for second := range 10 {
			samples = append(samples, sample{phase: p, at: at(10*n + second), wrong: "slow"})
		}
	}
	all := []daemon.Recovery{began(24, healed), began(13, "failed"), began(2, healed), {Result: "aborted"}}
	want := []Cost{
		{Drift: "edit", Downtime: 20, Untried: 3, Wrong: 11, Right: 6}, // with the calm after it
		{Drift: "wide", Downtime: 10, Untried: 10},
	}
	if got := costs(samples, all); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRowsOfOneWayAreAddedUp(t *testing.T) {
	one := Row{Way: guess.Random, Downtime: 3, Seconds: 50, Trials: 2, Healed: 1, Before: 10, Drifts: []Cost{{Downtime: 1}, {Downtime: 2}}}
	two := Row{Way: guess.Random, Downtime: 9, Seconds: 50, Trials: 3, Outside: 1, Before: 20, Drifts: []Cost{{Downtime: 9}}}
	sum := Sum([]Row{one, {Way: Genetic, Downtime: 1}, two, two})
	if len(sum) != 2 || sum[0].Way != guess.Random || sum[1].Way != Genetic {
		t.Fatalf("got %+v, want one row for each way in their order", sum)
	}
	r := sum[0]
	if r.Streams != 3 || r.Downtime != 21 || r.Seconds != 150 || r.Trials != 8 || r.Healed != 1 || r.Outside != 2 || math.Abs(r.Before-50.0/3) > 1e-9 {
		t.Errorf("got %+v, want the sums and the mean percentile", r)
	}
	if mean, deviation := r.Each(); mean != 21.0/4 || math.Abs(deviation-math.Sqrt(56.75/3)) > 1e-9 {
		t.Errorf("each drift: got %v ± %v, want 5.25 ± %v", mean, deviation, math.Sqrt(56.75/3))
	}
	if mean, deviation := (Row{}).Each(); mean != 0 || deviation != 0 {
		t.Errorf("no drift: got %v ± %v", mean, deviation)
	}
}
