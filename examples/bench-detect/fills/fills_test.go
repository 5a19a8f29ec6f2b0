package fills

import (
	"slices"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDisksFillAtTheirEndAndNotBefore(t *testing.T) {
	for seed := range uint64(10) {
		d, again := generate(seed), generate(seed)
		if !slices.Equal(d.used, again.used) {
			t.Fatalf("seed %d gives two different disks", seed)
		}
		if d.full != len(d.used) || d.begins >= d.full {
			t.Errorf("seed %d: full at row %d of %d, filling from %d", seed, d.full, len(d.used), d.begins)
		}
		if most := slices.Max(d.used[:d.begins]); most >= 95 {
			t.Errorf("seed %d: the disk is at %.1f %% before it begins to fill", seed, most)
		}
	}
}

func TestAlarmsBeforeTheFillAreWrongAndOneAnHourAheadCatchesIt(t *testing.T) {
	d := disk{used: make([]float64, 300), begins: 200, full: 300}
	early, late := make([]bool, 300), make([]bool, 300)
	for i := range 300 {
		early[i] = i >= 180
		late[i] = i > 240
	}
	var a, b tally
	a.add(d, early)
	b.add(d, late)
	if want := (tally{caught: 1, wrong: 20, quiet: 200}); a != want {
		t.Errorf("got %+v, want %+v", a, want)
	}
	if want := (tally{quiet: 200}); b != want {
		t.Errorf("an alarm less than an hour ahead: got %+v, want %+v", b, want)
	}
	if got := a.share(); got != 10 {
		t.Errorf("20 of 200 rows are %v %%, want 10", got)
	}
}

func TestFewDisksAreForecastAsTheBarsAsk(t *testing.T) {
	var got tally
	const some = 2
	for seed := range uint64(some) {
		d := generate(seed)
		got.add(d, theilSen(d))
	}
	if got.caught != some || got.share() > 0.34 {
		t.Errorf("%d of %d fills were caught, with %.2f %% of false-alarm time", got.caught, some, got.share())
	}
}

func TestStraightLineReachesALimitAhead(t *testing.T) {
	d := disk{used: make([]float64, 500)}
	for i := range d.used {
		d.used[i] = 40 + 0.05*float64(i) // three percent an hour
	}
	alarms := straight(d)
	if alarms[359] || !alarms[360] {
		t.Error("the line over six hours begins to tell before or after its six hours")
	}
}
