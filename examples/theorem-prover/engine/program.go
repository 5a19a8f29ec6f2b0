package engine

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/theorem-prover/eprover"
)

// Settings are those of every process with package service, and the engine's own.
type Settings struct {
	service.Settings
	Prove    Prove    `toml:"prove"`
	Problems Problems `toml:"problems"`
	Store    Store    `toml:"store"`
	// Demand is how much of each family is wanted until somebody says otherwise.
	Demand map[string]int `toml:"demand"`
}

// Prove says how proofs are searched.
type Prove struct {
	Heuristic eprover.Heuristic `toml:"heuristic" json:"heuristic"`
	// TimeLimit is of CPU time for one problem, in seconds, 1 to 60.
	TimeLimit int `toml:"time_limit" json:"time_limit"`
	// MemoryLimit is for one prover, in MiB, 2 to 2048.
	MemoryLimit int `toml:"memory_limit" json:"memory_limit"`
	// Workers is how many provers run at once, 1 to 64.
	Workers int `toml:"workers" json:"workers"`
}

// String names the four parameters.
func (p Prove) String() string {
	return fmt.Sprintf("%s, %d s, %d MiB, %d workers", p.Heuristic, p.TimeLimit, p.MemoryLimit, p.Workers)
}

// Problems says where the problems are.
type Problems struct {
	// Dir is the folder of *.p.
	Dir string `toml:"dir"`
	// Demand is the file that keeps the demand.
	Demand string `toml:"demand"`
}

// Store says how the store of theorems is reached.
type Store struct {
	URL string `toml:"url"`
	// Timeout is how long an answer may take.
	Timeout service.Duration `toml:"timeout"`
	// Shelf is how many proofs may wait for a store that does not take them, 1 to
	// 100,000.
	Shelf int `toml:"shelf"`
}

// Program is the engine as a service.Program.
type Program struct{ settings Settings }

// NewProgram returns the engine with its defaults. The store is reached through
// the link of examples/theorem-prover/config.toml.
func NewProgram() *Program {
	return &Program{Settings{
		Settings: service.Settings{
			Server: service.Server{
				Listen: "127.0.0.1:9300", Admin: "127.0.0.1:9301", Workers: 16,
				Patience: service.Duration{Duration: time.Second},
				Drain:    service.Duration{Duration: time.Second},
			},
			Log:   service.Log{File: "engine.log", Level: "info"},
			Fault: service.Fault{Enabled: true, File: "engine.fault.json"},
		},
		Prove:    Prove{Heuristic: "mixed", TimeLimit: 1, MemoryLimit: 192, Workers: 2},
		Problems: Problems{Dir: "../../../examples/theorem-prover/problems", Demand: "demand.json"},
		Store:    Store{URL: "http://127.0.0.1:9310", Timeout: service.Duration{Duration: 2 * time.Second}, Shelf: 10_000},
		Demand:   map[string]int{"groups": 4, "puzzles": 3, "sets": 2, "logic": 1, "lattices": 1},
	}}
}

// Defaults returns the settings to use where the file is silent.
func (p *Program) Defaults() any { return &p.settings }

// Common returns the settings that every process has.
func (p *Program) Common() *service.Settings { return &p.settings.Settings }

// Check finds wrong values among the engine's own settings, all of them.
func (p *Program) Check() error {
	s := p.settings
	wrong := []error{s.Prove.check()}
	if u, err := url.Parse(s.Store.URL); err != nil || u.Scheme != "http" || u.Host == "" || u.Path != "" {
		wrong = append(wrong, fmt.Errorf("store.url: want http://HOST:PORT, got %q", s.Store.URL))
	}
	if s.Store.Timeout.Duration <= 0 {
		wrong = append(wrong, fmt.Errorf("store.timeout: want more than 0s, got %s", s.Store.Timeout))
	}
	if s.Problems.Dir == "" || s.Problems.Demand == "" {
		wrong = append(wrong, errors.New("problems: dir and demand are required"))
	}
	const maxShelf = 100_000
	return errors.Join(append(wrong, within("store.shelf", s.Store.Shelf, 1, maxShelf))...)
}

func (p Prove) check() error {
	var wrong []error
	if err := p.Heuristic.Check(); err != nil {
		wrong = append(wrong, fmt.Errorf("prove.heuristic: %w", err))
	}
	return errors.Join(append(wrong,
		within("prove.time_limit", p.TimeLimit, 1, 60),
		within("prove.memory_limit", p.MemoryLimit, 2, 2048),
		within("prove.workers", p.Workers, 1, 64))...)
}

func within(key string, got, least, most int) error {
	if got < least || got > most {
		return fmt.Errorf("%s: want %d to %d, got %d", key, least, most, got)
	}
	return nil
}

// Open starts the workers and returns the engine's pages.
func (p *Program) Open(v *service.Service) (http.Handler, func() error, error) {
	e, err := Open(p.settings, v.Log)
	if err != nil {
		return nil, nil, err
	}
	if err := v.Metrics.Register(e.figures); err != nil {
		return nil, nil, errors.Join(err, e.Close())
	}
	return Pages(e), e.Close, nil
}
