package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/BurntSushi/toml"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/theorem-prover/eprover"
	"github.com/homeostat/homeostat/examples/theorem-prover/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// declared are the parameters of the shipped configuration.
func declared(t *testing.T) (names, heuristics []string) {
	t.Helper()
	var config struct {
		Component []struct {
			Parameter []struct {
				Name    string
				Choices []string
			}
		}
	}
	b, err := os.ReadFile(filepath.Join("..", "config.toml"))
	if err == nil {
		err = toml.Unmarshal(b, &config)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range config.Component {
		for _, p := range c.Parameter {
			names, heuristics = append(names, p.Name), append(heuristics, p.Choices...)
		}
	}
	return names, heuristics
}

// TestModelMeansTheParametersOfTheConfiguration: the model gets numbers by their
// places, so a place that moved would be a silent error.
func TestModelMeansTheParametersOfTheConfiguration(t *testing.T) {
	names, choices := declared(t)
	if want := []string{"heuristic", "time_limit", "memory_limit", "workers"}; !slices.Equal(names, want) {
		t.Errorf("the configuration declares %v, want %v", names, want)
	}
	table, err := measured()
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, h := range eprover.Heuristics() {
		known = append(known, string(h))
	}
	if !slices.Equal(choices, known) || !slices.Equal(table.Heuristics, known) {
		t.Errorf("heuristics: the configuration has %v, the times have %v, the engine has %v", choices, table.Heuristics, known)
	}
	problems, err := problem.Load(filepath.Join("..", "problems"))
	if err != nil {
		t.Fatal(err)
	}
	if families := problem.Families(problems); !slices.Equal(families, table.Families) {
		t.Errorf("families: the folder has %v, the times have %v", families, table.Families)
	}
}

func TestModelPrefersWhatProvesMore(t *testing.T) {
	mean := func(heuristic, memory float64) (sum float64) {
		const seeds = 16
		for seed := range uint64(seeds) {
			c, err := cost([]float64{heuristic, 1, memory, 2}, seed)
			if err != nil {
				t.Fatal(err)
			}
			sum += c / seeds
		}
		return sum
	}
	const auto, fifo = 0, 2
	if good, bad := mean(auto, 192), mean(fifo, 192); good >= bad/2 {
		t.Errorf("auto costs %.1f and fifo %.1f; want auto far below", good, bad)
	}
	if enough, none := mean(auto, 192), mean(auto, 2); none <= enough {
		t.Errorf("192 MiB cost %.1f and 2 MiB %.1f; want 2 MiB dearer", enough, none)
	}
}

func TestWrongParametersAreRefused(t *testing.T) {
	for _, params := range [][]float64{nil, {0, 1, 64}, {7, 1, 64, 2}, {-1, 1, 64, 2}, {0, 0, 64, 2}, {0, 1, 64, 0}} {
		if c, err := cost(params, 1); err == nil {
			t.Errorf("%v costs %v", params, c)
		}
	}
}
