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

func TestWrongParametersAreRefused(t *testing.T) {
	for _, params := range [][]float64{nil, {1}, {0, 1, 1}, {1, 2, 3, 4}} {
		if c, err := simulate(params, 1); err == nil {
			t.Errorf("%v cost %v", params, c)
		}
	}
}
