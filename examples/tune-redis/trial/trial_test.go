package trial

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/tune-redis/guess"
	"github.com/homeostat/homeostat/examples/tune-redis/load"
	"github.com/homeostat/homeostat/examples/tune-redis/model/cache"
	"github.com/homeostat/homeostat/examples/tune-redis/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func order(t *trial) (names []string) {
	for _, d := range t.stream() {
		names = append(names, d.name)
	}
	return names
}

func TestStreamIsTheSameForASeedAndOthersDiffer(t *testing.T) {
	all := map[string]bool{}
	for seed := range uint64(20) {
		one := order(&trial{Options: Options{Seed: seed}})
		if again := order(&trial{Options: Options{Seed: seed}, way: Reconfigure}); !slices.Equal(one, again) {
			t.Errorf("seed %d: %v and %v", seed, one, again)
		}
		all[strings.Join(one, " ")] = true
	}
	if len(all) < 2 {
		t.Errorf("20 seeds give %d orders", len(all))
	}
	if got := order(&trial{Options: Options{Drifts: []string{"edit"}}}); !slices.Equal(got, []string{"edit"}) {
		t.Errorf("edit alone: got %v", got)
	}
}

func with(key, value string) service.Settings {
	s := service.Defaults()
	s[key] = value
	return s
}

func TestOnlyWhatTheWayHasSetIsJudgedAndOnce(t *testing.T) {
	failing := load.Figures{Requests: 100, Failed: 50}
	var r Row
	r.count([]setting{
		{settings: with("maxmemory", "1"), figures: failing},                 // how it was set up
		{settings: with("maxmemory", "8388608"), figures: failing},           // broke the error limit
		{settings: with("maxmemory-policy", "noeviction"), figures: failing}, // both
		{settings: with("maxmemory", "1"), figures: failing},                 // back
		{settings: with("maxmemory-policy", "noeviction"), figures: failing}, // again
		{settings: with("maxmemory", "2"), byHand: true},
	})
	if r.Outside != 1 || r.Broke != 2 || r.Violations() != 3 {
		t.Errorf("got %d outside and %d that broke the limit, want 1 and 2", r.Outside, r.Broke)
	}
}

func TestBarsAreNoViolationsAndNoMoreDowntimeThanTheRunbook(t *testing.T) {
	runbook := Row{Way: guess.Runbook, Downtime: 10, Outside: 3}
	for want, rows := range map[string][]Row{
		"":                     {runbook, {Way: Reconfigure, Downtime: 10}, {Way: guess.Documented, Downtime: 99, Broke: 5}},
		"1 settings outside":   {runbook, {Way: Reconfigure, Outside: 1}},
		"1 that broke":         {{Way: Reconfigure, Broke: 1}},
		"the runbook had 10":   {runbook, {Way: Reconfigure, Downtime: 11}},
		"this machine is too":  {{Way: guess.Known, Downtime: 6, Seconds: 11}},
		"11 s of downtime, th": {{Way: Reconfigure, Downtime: 11}, runbook},
	} {
		err := Judge(rows)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: got %v, want %q", rows, err, want)
		}
	}
}

func TestDowntimesOfABusyMachineAreNotHeldAgainstAWay(t *testing.T) {
	rows := []Row{{Way: guess.Runbook, Downtime: 10}, {Way: Reconfigure, Downtime: 11, Outside: 1}, {Way: guess.Known, Downtime: 6, Seconds: 11}}
	err := Judge(rows)
	if err == nil || strings.Contains(err.Error(), "the runbook had") || !strings.Contains(err.Error(), "1 settings outside") || !strings.Contains(err.Error(), "too busy") {
		t.Errorf("got %v, want the violation and that the machine is too busy", err)
	}
	rows[2].Seconds = 12
	if err := Judge(rows); err == nil || !strings.Contains(err.Error(), "the runbook had") {
		t.Errorf("half of the time: got %v, want that the runbook had less", err)
	}
}

func TestRowCountsTheSecondsInWhichUsersWereNotWell(t *testing.T) {
	begin := time.Unix(0, 0)
	quiet, bad := phase{name: "calm", from: begin}, phase{name: "edit", drifted: true, from: begin}
	w := &watcher{}
	for i := range 20 {
		s := sample{phase: quiet, at: begin, figures: load.Figures{P99: time.Millisecond}}
		if i >= 5 {
			s = sample{phase: bad, at: begin.Add(time.Duration(i-5) * time.Second), wrong: "slow", figures: load.Figures{P99: time.Second}}
		}
		if i >= 15 {
			s.wrong, s.figures.P99 = "", 2*time.Millisecond
		}
		w.samples = append(w.samples, s)
	}
	tr := &trial{Options: Options{Drift: 15 * time.Second}}
	r := tr.figures(w)
	if r.Downtime != 10 || r.Seconds != 20 || r.Before != 1 || r.During != 1000 || r.After != 2 {
		t.Errorf("got %+v, want 10 of 20 s and 1, 1000 and 2 ms", r)
	}
}

func TestModelIsOfTheVeryDrifts(t *testing.T) {
	peak := calm
	for _, d := range drifts() {
		peak.Gets, peak.Keys, peak.Wides = max(peak.Gets, d.mix.Gets), max(peak.Keys, d.mix.Keys), max(peak.Wides, d.mix.Wides)
	}
	if got, want := cache.Peak(), wantsOf(peak); got != want {
		t.Errorf("the model's peak is %+v, the drifts together are %+v", got, want)
	}
	s, err := paramsOf(with("maxmemory-policy", "allkeys-random"))
	if want := (cache.Setting{Memory: 24 << 20, Policy: 2, Samples: 5, Listed: 8192}); err != nil || s != want {
		t.Errorf("parameters: got %+v, %v, want %+v", s, err, want)
	}
}

func TestCorrelationIsOfRanks(t *testing.T) {
	judged := func(pairs ...float64) (all []Judged) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, Judged{Live: pairs[i], Model: pairs[i+1]})
		}
		return all
	}
	for _, c := range []struct {
		all  []Judged
		want float64
	}{
		{judged(1, 10, 2, 100, 3, 1000), 1},
		{judged(1, 9, 2, 5, 3, 1), -1},
		{judged(1, 1, 1, 1, 2, 2), 1},
		{judged(1, 5, 2, 5, 3, 5), 0},
		{nil, 0},
	} {
		if got := Correlation(c.all); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v: got %v, want %v", c.all, got, c.want)
		}
	}
}

func TestSettingsOfAnInstantAndThoseBeyondTheSetAreNotCompared(t *testing.T) {
	begin := time.Unix(0, 0)
	p := phase{name: "calm", mix: calm}
	all := judged([]setting{
		{settings: service.Defaults(), phase: p, from: begin, to: begin.Add(time.Minute), settled: load.Figures{Requests: 10, P99: time.Millisecond}},
		{settings: service.Defaults(), phase: p, from: begin, to: begin.Add(time.Second)},
		{settings: with("hz", "500"), phase: p, from: begin, to: begin.Add(time.Minute)},
	})
	if len(all) != 1 || all[0].Live > 1.01 || all[0].Model > 1.2 {
		t.Errorf("got %+v, want the defaults alone, which are good when calm", all)
	}
}

func TestUnknownWayAndMissingPartsAreSaid(t *testing.T) {
	tr := &trial{Options: Options{Bin: t.TempDir()}}
	if _, _, err := tr.plugins("prayer"); err == nil || !strings.Contains(err.Error(), "prayer") {
		t.Errorf("got %v", err)
	}
	if _, _, err := tr.plugins(guess.Random); err == nil || !strings.Contains(err.Error(), "make") {
		t.Errorf("got %v, want how to make it", err)
	}
	if _, err := sumOf(filepath.Join("trial_test.go")); err != nil {
		t.Error(err)
	}
}
