package meter

import (
	"math"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// minutes lets minutes with these counts pass and returns the last verdict.
func minutes(m *Meter, from int64, counts ...float64) (last float64) {
	for i, n := range counts {
		m.Now = n
		last = m.Close(from+int64(i), 10)
	}
	return last
}

func TestABurstIsFarAboveMeanAndPeak(t *testing.T) {
	var m Meter
	for i := range int64(100) {
		if got := minutes(&m, i, 5+float64(i%3)); got != 0 {
			t.Fatalf("minute %d of steady lines is a burst by %v", i, got)
		}
	}
	if got := minutes(&m, 100, 15); got != 0 {
		t.Errorf("twice the peak is a burst by %v", got)
	}
	if got := minutes(&m, 101, 200); got <= burstSigmas {
		t.Errorf("thirty times the mean is a burst by %v only", got)
	}
	if m.Peak > 30 {
		t.Errorf("the peak learnt the burst at once: %v", m.Peak)
	}
}

func TestFewLinesAreNoBurst(t *testing.T) {
	var m Meter
	minutes(&m, 0, 0, 0, 0, 0)
	if got := minutes(&m, 4, 9); got != 0 {
		t.Errorf("9 lines where 10 are the least are a burst by %v", got)
	}
}

func TestALastingLevelBecomesUsual(t *testing.T) {
	var m Meter
	for i := range int64(100) {
		minutes(&m, i, 5)
	}
	for i := range int64(60) {
		minutes(&m, 100+i, 100)
	}
	if got := minutes(&m, 160, 100); got != 0 {
		t.Errorf("after an hour it still is a burst by %v", got)
	}
}

func TestWhatComesOnceADayIsNoBurstTheNextDay(t *testing.T) {
	var m Meter
	minutes(&m, 0, 3, 3, 3)
	m.learn(80)
	m.Last = 3
	if got := minutes(&m, 3+24*60, 90); got != 0 {
		t.Errorf("the backup of the next day is a burst by %v", got)
	}
}

func TestNumbersStayFinite(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var m, other Meter
		at := int64(1)
		for range rapid.IntRange(1, 100).Draw(rt, "steps") {
			at += rapid.Int64Range(1, 10_000).Draw(rt, "gap")
			minutes(&m, at, rapid.Float64Range(0, 1e9).Draw(rt, "count"))
			other.Join(m)
			for _, x := range []float64{m.Mean, m.Var, m.Peak, other.Mean} {
				if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
					rt.Fatalf("%+v", m)
				}
			}
		}
	})
}
