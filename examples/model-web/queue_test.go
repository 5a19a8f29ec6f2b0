package main

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func cost(t *testing.T, params ...float64) float64 {
	t.Helper()
	sum := 0.0
	for seed := range uint64(8) {
		c, err := simulate(params, seed)
		if err != nil {
			t.Fatal(err)
		}
		sum += c / 8
	}
	return sum
}

func TestTooFewAndTooManyWorkersAreBothDear(t *testing.T) {
	few, good, many := cost(t, 2, 64, 2), cost(t, 12, 64, 2), cost(t, 64, 0, 0.01)
	if good >= few || good >= 0.2 {
		t.Errorf("2, 12, 64 workers cost %.3f, %.3f, %.3f; want the middle least", few, good, many)
	}
}

func TestWorkersAloneAreEnough(t *testing.T) {
	if alone, all := cost(t, 4), cost(t, 4, usualLength, usualDeadline); alone != all {
		t.Errorf("4 workers cost %v alone and %v with what is usual", alone, all)
	}
}

func TestWrongParametersAreRefused(t *testing.T) {
	for _, params := range [][]float64{nil, {0}, {0, 1, 1}, {1, 2, 3, 4}} {
		if c, err := simulate(params, 1); err == nil {
			t.Errorf("%v cost %v", params, c)
		}
		if c, err := replay(params, []float64{1}, 1); err == nil {
			t.Errorf("%v cost %v under recorded load", params, c)
		}
	}
}

func TestQuietHourWantsFewerWorkersThanABusyOne(t *testing.T) {
	hour := func(rate float64) (few, many float64) {
		load := make([]float64, 60)
		for i := range load {
			load[i] = rate
		}
		few, err := replay([]float64{2, 64, 2}, load, 1)
		if err != nil {
			t.Fatal(err)
		}
		many, err = replay([]float64{12, 64, 2}, load, 1)
		if err != nil {
			t.Fatal(err)
		}
		return few, many
	}
	if few, many := hour(5); few > 1.1*many {
		t.Errorf("in a quiet hour 2 workers cost %v and 12 cost %v, want the same", few, many)
	}
	if few, many := hour(150); few < 2*many {
		t.Errorf("in a busy hour 2 workers cost %v and 12 cost %v, want far more", few, many)
	}
	if cost, err := replay([]float64{2, 64, 2}, make([]float64, 60), 1); err != nil || cost != 0 {
		t.Errorf("an hour without requests costs %v, %v", cost, err)
	}
}
