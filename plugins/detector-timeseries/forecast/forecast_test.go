package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSteadyGrowthReachesItsLimitOnTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.Float64Range(2, 20).Draw(t, "hours to go after four")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rate := 50 / (hours + 4) / 3600
		var f Fill
		for at := int64(0); at <= 4*3600; at += 60 {
			f.Add(at, 50+rate*float64(at)+0.02*rng.NormFloat64())
		}
		got, ok := f.Reaches(100, 24*time.Hour)
		if !ok || math.Abs(got.In.Hours()-hours) > 0.1*hours {
			t.Fatalf("reaches in %v (%v), want about %.2f h", got.In, ok, hours)
		}
	})
}

func TestWhatDoesNotGrowOrComesAndGoesReachesNothing(t *testing.T) {
	for name, v := range map[string]func(at int64) float64{
		"a constant":       func(int64) float64 { return 60 },
		"a fall":           func(at int64) float64 { return 90 - float64(at)/86400 },
		"a nightly backup": func(at int64) float64 { return 60 + 20*max(0, float64(at%86400-80000)/6400) },
		"a full disk":      func(int64) float64 { return 100 },
	} {
		var f Fill
		for at := int64(0); at < 3*86400; at += 60 {
			f.Add(at, v(at))
		}
		if got, ok := f.Reaches(100, 24*time.Hour); ok {
			t.Errorf("%s is said to reach the limit in %v", name, got.In)
		}
	}
}

func TestTooLittleIsKnownAfterHalfAnHour(t *testing.T) {
	var f Fill
	for at := int64(0); at < 1800; at += 60 {
		f.Add(at, float64(at))
	}
	if got, ok := f.Reaches(10000, time.Hour); ok {
		t.Errorf("half an hour was enough for %v", got)
	}
}

func TestStepBackInTimeBeginsAnew(t *testing.T) {
	var f Fill
	for at := int64(0); at < 4*3600; at += 60 {
		f.Add(at+1e6, float64(at))
	}
	f.Add(10, 5)
	if f.Recent.N != 1 || f.Day.N != 1 {
		t.Errorf("after a step back %d and %d points are kept, want one each", f.Recent.N, f.Day.N)
	}
}

func TestSeasonForecastsAWaveAndFollowsANewLevel(t *testing.T) {
	s := NewSeason(24)
	wave := func(i int) float64 { return 10 + 5*math.Sin(2*math.Pi*float64(i)/24) }
	if _, ok := s.Ahead(1); ok {
		t.Error("an empty model forecasts")
	}
	for i := range 24 * 10 {
		s.Add(wave(i))
	}
	for steps := 1; steps <= 48; steps++ {
		if got, ok := s.Ahead(steps); !ok || math.Abs(got-wave(239+steps)) > 0.01 {
			t.Fatalf("%d ahead: got %v (%v), want %v", steps, got, ok, wave(239+steps))
		}
	}
	for i := 240; i < 24*25; i++ {
		s.Add(wave(i) + 100)
	}
	if got, _ := s.Ahead(1); math.Abs(got-wave(600)-100) > 5 {
		t.Errorf("after two weeks on a new level: got %v, want about %v", got, wave(600)+100)
	}
}

// TestSeasonTrustsWhatWasRightOfLate gives a series whose weekends differ: the
// value a day before is wrong twice a week and must lose its weight.
func TestSeasonTrustsWhatWasRightOfLate(t *testing.T) {
	s := NewSeason(24)
	value := func(i int) float64 {
		if i/24%Week >= 5 {
			return 40
		}
		return 100 + 20*math.Sin(2*math.Pi*float64(i)/24)
	}
	n := 24 * Week * 6
	for i := range n {
		s.Add(value(i))
	}
	for k := 1; k <= 24*Week; k++ {
		if got, ok := s.Ahead(k); !ok || math.Abs(got-value(n+k-1)) > 3 {
			t.Fatalf("%d ahead: got %.2f (%v), want %.2f", k, got, ok, value(n+k-1))
		}
	}
	if s.Wrong[yesterday] < 3*s.Wrong[lastWeek] {
		t.Errorf("yesterday is wrong by %.2f, last week by %.2f: want yesterday far worse", s.Wrong[yesterday], s.Wrong[lastWeek])
	}
}

func TestOneWildValueDoesNotBendTheSeason(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	s := NewSeason(24)
	wave := func(i int) float64 { return 50 + 10*math.Sin(2*math.Pi*float64(i)/24) }
	for i := range 24 * 20 {
		v := wave(i) + rng.NormFloat64()
		if i == 24*19+5 {
			v = 5000
		}
		s.Add(v)
	}
	if got, _ := s.Ahead(12); math.Abs(got-wave(24*20+11)) > 5 {
		t.Errorf("half a day after a value of 5000: got %.2f, want about %.2f", got, wave(24*20+11))
	}
}
