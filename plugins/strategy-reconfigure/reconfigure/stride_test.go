package reconfigure_test

import (
	"testing"

	"github.com/homeostat/homeostat/sdk"
)

// far moves the workers the more, the higher the cpu signal is.
const far = `
[[rules]]
parameter = "workers"
step = 1
reading = "cpu"
above = 50
every = 10
`

// near is the same for a signal that is too low.
const near = `
[[rules]]
parameter = "workers"
step = 1
reading = "cpu"
below = 50
every = 10
`

func TestReadingFarBeyondItsLimitTakesSeveralStepsAtOnce(t *testing.T) {
	for _, c := range []struct {
		toml    string
		reading float64
		want    float64 // of 8 workers
	}{
		{far, 51, 9},
		{far, 59.9, 9},
		{far, 60, 10},
		{far, 85, 12},
		{far, 1e9, 16}, // eight steps at most
		{near, 49, 9},
		{near, 15, 12},
		{near, -1e9, 16},
	} {
		in := incident("inc_1", "requests_waiting_now")
		reading(c.reading)(&in)
		if got := values(propose(t, strategy(t, c.toml), in))["workers"]; got != number(c.want) {
			t.Errorf("cpu at %v: got %v, want %v", c.reading, got, c.want)
		}
	}
}

func TestSeveralStepsAreNeverMoreThanOneMoveMayBe(t *testing.T) {
	in := incident("inc_1", "requests_waiting_now")
	reading(1e9)(&in)
	in.Parameters[0].MaxStep = 3
	s := strategy(t, far)
	if got := play(t, s, &in, sdk.ResultFailed)["workers"]; got != number(11) {
		t.Errorf("got %v, want 11: no more than max_step", got)
	}
}

func TestSeveralStepsThatTheHostTookBackAreFollowedByMore(t *testing.T) {
	in := incident("inc_1", "requests_waiting_now")
	reading(75)(&in)
	s := strategy(t, far)
	for _, want := range []float64{11, 14} { // three steps, then six
		if got := play(t, s, &in, sdk.ResultFailed)["workers"]; got != number(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		in.Parameters = parameters()
	}
}
