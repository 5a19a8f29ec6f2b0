package load

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/evolve"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 1, 2, 12, 30, 0, 0, time.UTC)

// recorded is a real history with samples every ten seconds of the given hours of
// that day: a counter in two parts that begins anew now and then, and a gauge.
func recorded(t *testing.T, hours ...int) History {
	t.Helper()
	m, err := history.OpenMetrics(t.Context(), filepath.Join(t.TempDir(), "metrics.db"), history.Options{Log: hclog.NewNullLogger(), Keep: 365 * 24 * time.Hour * 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	a := sdk.Series{Component: "web", Name: `requests_total{code="200"}`, Kind: sdk.Counter}
	b := sdk.Series{Component: "web", Name: `requests_total{code="500"}`, Kind: sdk.Counter}
	g := sdk.Series{Component: "web", Name: "waiting", Kind: sdk.Gauge}
	other := sdk.Series{Component: "web", Name: "requests_total_other", Kind: sdk.Counter}
	for _, hour := range hours {
		for n := range 360 {
			at := time.Date(2026, 1, 2, hour, 0, 10*n, 0, time.UTC).UnixMilli()
			for s, v := range map[*sdk.Series]float64{&a: float64(20 * (n % 200)), &b: float64(10 * n), &g: float64(n % 6), &other: 1e9} {
				s.Times, s.Values = append(s.Times, at), append(s.Values, v)
			}
		}
	}
	if err := m.AppendSeries([]sdk.Series{a, b, g, other}); err != nil {
		t.Fatal(err)
	}
	return History{Store: m, Now: func() time.Time { return now }}
}

func TestWholeHoursAreFoundAndPartsOfOnesAreNot(t *testing.T) {
	h := recorded(t, 3, 4, 11, 12)
	got, err := h.Hours(t.Context(), evolve.Target{Component: "web", Replay: "requests_total"})
	if err != nil || len(got) != 3 || got[0].Hour() != 3 || got[2].Hour() != 11 {
		t.Errorf("got %v, %v; want the hours 3, 4 and 11: 12 is not over", got, err)
	}
	if got, err := h.Hours(t.Context(), evolve.Target{Component: "web", Replay: "none"}); err != nil || len(got) != 0 {
		t.Errorf("a signal that is not there: got %v, %v", got, err)
	}
}

func TestCounterGivesItsGrowthASecondAndAGaugeItsMean(t *testing.T) {
	h := recorded(t, 3, 4)
	hour := time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)
	load, err := h.Load(t.Context(), evolve.Target{Component: "web", Replay: "requests_total"}, hour)
	if err != nil || len(load) != minutes {
		t.Fatalf("got %v, %v", load, err)
	}
	for m, v := range load {
		// 20 and 10 requests in ten seconds; where one part begins anew, ten seconds of it are lost
		if want := 3.0; m != 0 && m != 33 && math.Abs(v-want) > 1e-9 {
			t.Errorf("minute %d: %v requests a second, want %v", m, v, want)
		}
		if v < 2 || v > 3 {
			t.Errorf("minute %d: %v requests a second", m, v)
		}
	}
	waiting, err := h.Load(t.Context(), evolve.Target{Component: "web", Replay: "waiting"}, hour)
	if err != nil || waiting[7] != 2.5 {
		t.Errorf("got %v, %v; want a mean of 2.5", waiting, err)
	}
	if _, err := h.Load(t.Context(), evolve.Target{Component: "web", Replay: "waiting"}, hour.Add(time.Hour)); err == nil {
		t.Error("an hour without samples was given")
	}
}
