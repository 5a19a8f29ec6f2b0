package health_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/host/refusal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fine is a reading without any trouble.
func fine() health.Reading {
	return health.Reading{
		CPU: health.Known(45), MemoryAvailable: health.Known(35), Disk: health.Known(50),
		ErrorRate: health.Known(0), SuccessRate: health.Known(100), Response: health.Known(0.1),
		CPUPressure: health.Known(1), MemoryPressure: health.Known(0), DiskIOPressure: health.Known(2),
	}
}

func monitor(t testing.TB) *health.Monitor {
	t.Helper()
	m, err := health.New(health.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func find(t *testing.T, r health.Report, name string) health.Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %q in %+v", name, r.Checks)
	return health.Check{}
}

func TestEachLimitIsJudgedAtItsThreshold(t *testing.T) {
	for _, c := range []struct {
		check  string
		set    func(*health.Reading, float64)
		within float64
		beyond float64
		severe float64
	}{
		{"cpu", func(r *health.Reading, v float64) { r.CPU = health.Known(v) }, 90, 90.1, 95.1},
		{"memory", func(r *health.Reading, v float64) { r.MemoryAvailable = health.Known(v) }, 20, 19.9, 9.9},
		{"disk", func(r *health.Reading, v float64) { r.Disk = health.Known(v) }, 90, 90.1, 95.1},
		{"error_rate", func(r *health.Reading, v float64) { r.ErrorRate = health.Known(v) }, 5, 5.1, 52.6},
		{"success_rate", func(r *health.Reading, v float64) { r.SuccessRate = health.Known(v) }, 90, 89.9, 44.9},
		{"response", func(r *health.Reading, v float64) { r.Response = health.Known(v) }, 5, 5.1, 10.1},
		{"cpu_pressure", func(r *health.Reading, v float64) { r.CPUPressure = health.Known(v) }, 60, 60.1, 80.1},
		{"memory_pressure", func(r *health.Reading, v float64) { r.MemoryPressure = health.Known(v) }, 60, 60.1, 80.1},
		{"disk_pressure", func(r *health.Reading, v float64) { r.DiskIOPressure = health.Known(v) }, 60, 60.1, 80.1},
	} {
		judge := func(value float64) health.Check {
			r := fine()
			c.set(&r, value)
			return find(t, monitor(t).Observe(start, r), c.check)
		}
		within, beyond, severe := judge(c.within), judge(c.beyond), judge(c.severe)
		if within.Verdict != health.Pass || within.Cost != 0 {
			t.Errorf("%s at %v: got %+v, want a pass without cost", c.check, c.within, within)
		}
		if beyond.Verdict != health.Fail || beyond.Cost <= 0 || !strings.Contains(beyond.Reason, c.check) {
			t.Errorf("%s at %v: got %+v, want a failure with a cost and a reason", c.check, c.beyond, beyond)
		}
		if severe.Cost != 2*beyond.Cost {
			t.Errorf("%s at %v: got cost %v, want %v", c.check, c.severe, severe.Cost, 2*beyond.Cost)
		}
	}
}

func TestScoreFallsIntoItsState(t *testing.T) {
	for _, c := range []struct {
		incidents health.Incidents
		score     float64
		state     health.State
		refused   bool
		warned    bool
	}{
		{health.Incidents{}, 100, health.Healthy, false, false},
		{health.Incidents{Medium: 2}, 80, health.Healthy, false, false},
		{health.Incidents{Medium: 2, Low: 1}, 77, health.Degraded, false, true},
		{health.Incidents{Medium: 4}, 60, health.Degraded, false, true},
		{health.Incidents{Medium: 4, Low: 1}, 57, health.Unhealthy, true, false},
		{health.Incidents{Critical: 1, Medium: 2}, 30, health.Unhealthy, true, false},
		{health.Incidents{Critical: 1, High: 1}, 25, health.Critical, true, false},
		{health.Incidents{Critical: 5}, 0, health.Critical, true, false},
	} {
		r := fine()
		r.Incidents = c.incidents
		got := monitor(t).Observe(start, r)
		if got.Score != c.score || got.State != c.state {
			t.Errorf("%+v: got %v %s, want %v %s", c.incidents, got.Score, got.State, c.score, c.state)
		}
		if (got.Refusal() != nil) != c.refused || (got.Warning() != "") != c.warned {
			t.Errorf("%+v: got refusal %v and warning %q, want refused %t and warned %t",
				c.incidents, got.Refusal(), got.Warning(), c.refused, c.warned)
		}
	}
}

func TestR11MissingDataIsInconclusiveAndRefuses(t *testing.T) {
	r := fine()
	r.MemoryAvailable = health.Known(math.NaN())
	got := monitor(t).Observe(start, r)
	if got.Verdict() != health.Inconclusive || find(t, got, "memory").Verdict != health.Inconclusive {
		t.Errorf("got %+v, want an inconclusive report", got)
	}
	var refused refusal.Refusal
	if !errors.As(got.Refusal(), &refused) || refused.Rule != "health.inconclusive" || !strings.Contains(refused.Value, "memory") {
		t.Errorf("got refusal %v, want health.inconclusive that names memory", got.Refusal())
	}
}

func TestHostWithoutProbesAndPressureFilesCanBeHealthy(t *testing.T) {
	r := health.Reading{CPU: health.Known(1), MemoryAvailable: health.Known(90), Disk: health.Known(1)}
	if got := monitor(t).Observe(start, r); got.Verdict() != health.Pass || got.State != health.Healthy {
		t.Errorf("got %+v, want a healthy pass", got)
	}
}

func TestFailingCheckPassesOnlyAfterAMargin(t *testing.T) {
	m := monitor(t)
	for i, step := range []struct {
		cpu  float64
		want health.Verdict
	}{{89, health.Pass}, {91, health.Fail}, {89, health.Fail}, {85.6, health.Fail}, {85, health.Pass}, {89, health.Pass}} {
		r := fine()
		r.CPU = health.Known(step.cpu)
		if got := find(t, m.Observe(start.Add(time.Duration(i)*time.Second), r), "cpu").Verdict; got != step.want {
			t.Errorf("step %d, cpu %v: got %s, want %s", i, step.cpu, got, step.want)
		}
	}
}

func TestTrendFollowsTheScore(t *testing.T) {
	for _, c := range []struct {
		name      string
		incidents func(i int) int
		want      health.Trend
	}{
		{"steady", func(int) int { return 2 }, health.Stable},
		{"worse and worse", func(i int) int { return i }, health.Degrading},
		{"better and better", func(i int) int { return 20 - i }, health.Improving},
		{"one bad reading", func(i int) int { return map[int]int{10: 20}[i] }, health.Stable},
		{"swinging", func(i int) int { return i % 2 * 10 }, health.Stable},
	} {
		m := monitor(t)
		var got health.Report
		for i := range 20 {
			r := fine()
			r.Incidents.Low = c.incidents(i)
			got = m.Observe(start.Add(time.Duration(i)*time.Minute), r)
		}
		if got.Trend != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got.Trend, c.want)
		}
	}
}

func TestRestoredMonitorKeepsFailingChecksAndTrend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steady, err := health.New(health.DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		moved, now := steady.Snapshot(), start
		for range rapid.IntRange(1, 80).Draw(t, "readings") {
			now = now.Add(time.Duration(rapid.IntRange(-5, 60).Draw(t, "seconds")) * time.Second)
			r := fine()
			r.CPU = health.Known(float64(rapid.IntRange(80, 100).Draw(t, "cpu")))
			data, err := json.Marshal(moved)
			if err != nil {
				t.Fatal(err)
			}
			var s health.Snapshot
			if err := json.Unmarshal(data, &s); err != nil {
				t.Fatal(err)
			}
			again, err := health.Restore(health.DefaultConfig(), s)
			if err != nil {
				t.Fatal(err)
			}
			want, got := steady.Observe(now, r), again.Observe(now, r)
			if got.Score != want.Score || got.Trend != want.Trend || len(again.Snapshot().Scores) > 60 {
				t.Fatalf("restored %v %s, steady %v %s", got.Score, got.Trend, want.Score, want.Trend)
			}
			moved = again.Snapshot()
		}
	})
}

func TestThresholdOutOfRangeIsRefused(t *testing.T) {
	for i := range 8 {
		c := health.DefaultConfig()
		fields := []*float64{&c.MinScore, &c.CPUMax, &c.MemoryMinAvailable, &c.DiskMax, &c.ErrorRateMax, &c.SuccessRateMin, &c.PressureMax}
		if i < len(fields) {
			*fields[i] = 101
		} else {
			c.ResponseMax = 0
		}
		if _, err := health.New(c); err == nil {
			t.Errorf("new with %+v: got no error, want one", c)
		}
	}
}

func TestControlGroupBoundsTheMemory(t *testing.T) {
	const gib = 1 << 30
	host := health.Memory{Total: 8 * gib, Available: 4 * gib}
	for _, c := range []struct {
		limit, usage uint64
		want         float64
	}{
		{0, 0, 50},
		{math.MaxInt64, gib, 50},
		{2 * gib, gib, 50},
		{2 * gib, 3 * gib, 0},
		{4 * gib, gib, 75},
		{7 * gib, 0, 100 * 4.0 / 7},
	} {
		got := host.Within(c.limit, c.usage).AvailablePercent()
		if !got.Known || math.Abs(got.Value-c.want) > 1e-9 {
			t.Errorf("limit %d, usage %d: got %+v, want %v", c.limit, c.usage, got, c.want)
		}
	}
	if got := (health.Memory{}).AvailablePercent(); got.Known {
		t.Errorf("no memory at all: got %+v, want missing", got)
	}
}

func FuzzParsePressure(f *testing.F) {
	f.Add("some avg10=1.53 avg60=0.37 avg300=0.08 total=1234\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", 1.53)
	for _, bad := range []string{"", "some", "some avg10=", "some avg10=NaN", "some avg10=101", "full avg10=1", "some avg60=1"} {
		f.Add(bad, -1.0)
	}
	f.Fuzz(func(t *testing.T, text string, want float64) {
		got, err := health.ParsePressure(text)
		if (err == nil) != got.Known || got.Value < 0 || got.Value > 100 {
			t.Errorf("%q: got %+v, %v: want a figure from 0 to 100 or an error", text, got, err)
		}
		if want == 1.53 && got.Value != want && strings.HasPrefix(text, "some avg10=1.53 ") {
			t.Errorf("%q: got %v, want %v", text, got.Value, want)
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	m, now := monitor(b), start
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		m.Observe(now, fine())
	}
}
