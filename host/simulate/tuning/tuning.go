// Package tuning plays incidents that bad settings cause: a service lasts as long in
// trouble as its parameters make it, and a model of the service, wrong by some error,
// is what a strategy may search on.
//
// It owns the worlds and the score. What decides is not its own: incidents go through
// the machine of host/heal/machine and the rules of host/heal/odds, and the strategy
// that evolves settings is a plugin, asked as the daemon asks it. Everything follows
// from a seed and the strategy's own. A Run belongs to one goroutine.
package tuning

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Strategy is the plugin that evolves settings.
type Strategy interface {
	Propose(ctx context.Context, in sdk.Incident) (sdk.Proposal, error)
	Learn(ctx context.Context, o sdk.Outcome) error
	Ask(ctx context.Context, p sdk.Problem, n int) ([]sdk.Genome, error)
	Tell(ctx context.Context, p sdk.Problem, scores []sdk.Score) error
}

// Config says what is played.
type Config struct {
	// Worlds is how many are played for each error of the model, from Seed on.
	Worlds int
	Seed   uint64
	// Start starts the strategy anew, without memory, for one world; end ends it.
	Start func(ctx context.Context) (s Strategy, end func(), err error)
	// Progress, when set, is told after each world.
	Progress func(done, of int)
}

// What is played in each world.
const (
	Incidents   = 150
	Evaluations = 2000
)

// models are by their errors: good, fair and bad ones. Under recorded load the
// error stays what it was, but for the last: there the load that the model makes up
// is most of what is wrong with it.
var models = []modelErrors{{0.08, 0.08}, {0.25, 0.25}, {0.6, 0.6}, {0.6, 0.25}}

// Score is what was left of incidents with a model of some error.
type Score struct {
	ModelError float64 `json:"model_error"`
	// RecordedError is the error of the same model under recorded load.
	RecordedError float64 `json:"recorded_error"`
	// Default, ModelOnly, Genetic, Replay and Oracle are mean downtimes of an incident
	// in seconds: with the default settings, with those that the model finds best, with
	// the genetic rung, with it after a replay of recorded load, and with the settings
	// that the truth likes best.
	Default   float64 `json:"default_seconds"`
	ModelOnly float64 `json:"model_only_seconds"`
	Genetic   float64 `json:"genetic_seconds"`
	Replay    float64 `json:"replay_seconds"`
	Oracle    float64 `json:"oracle_seconds"`
	// GeneticError and ReplayError are the standard errors of Genetic and Replay over
	// Default, as far as worlds differ; 0 for one world.
	GeneticError float64 `json:"genetic_to_default_error"`
	ReplayError  float64 `json:"replay_to_default_error"`
	// Worst is the largest downtime of a world over that of its default settings.
	Worst float64 `json:"worst_to_default"`
	// Outside counts settings that were put in force and are not declared.
	Outside int `json:"outside_declared"`
	// Curves are cumulative downtimes in hours after each incident, by the names of
	// the ways, the mean over worlds.
	Curves map[string][]float64 `json:"curves_hours"`

	worlds []lived
}

// lived are the mean downtimes of one world.
type lived struct{ base, genetic, replay float64 }

// The ways whose curves a Score has.
const (
	Default   = "default"
	ModelOnly = "model only"
	Genetic   = "genetic"
	Replay    = "genetic with replay"
	Oracle    = "oracle"
)

// ToDefault is the downtime with the genetic rung over that of the default settings.
func (s Score) ToDefault() float64 { return s.Genetic / s.Default }

// Bar is the most that ToDefault may be at this error of the model, 0 for no bar.
func (s Score) Bar() float64 {
	switch s.ModelError {
	case 0.08:
		return 0.5
	case 0.6:
		return 1.02
	}
	return 0
}

// noise is how much more downtime a replay may leave than none: that much two
// searches with other random numbers differ.
const noise = 1.03

// Judge holds scores to their bars, and to no setting that is not declared.
func Judge(scores []Score) error {
	for _, s := range scores {
		if bar := s.Bar(); bar > 0 && s.ToDefault() > bar {
			return fmt.Errorf("genetic at model error %.2f: %.3f of the default's downtime, want at most %.2f", s.ModelError, s.ToDefault(), bar)
		}
		if s.Replay > noise*s.Genetic {
			return fmt.Errorf("genetic at model error %.2f: a replay makes it %.3f times worse, want at most %.2f", s.ModelError, s.Replay/s.Genetic, noise)
		}
		if s.Outside > 0 {
			return fmt.Errorf("genetic at model error %.2f: %d settings that are not declared were put in force", s.ModelError, s.Outside)
		}
	}
	return nil
}

// Run plays all ways in all worlds. It ends early with ctx's error.
func Run(ctx context.Context, c Config) ([]Score, error) {
	var out []Score
	for e, of := range models {
		score := Score{ModelError: of.model, RecordedError: of.recorded, Curves: map[string][]float64{}}
		for n := range c.Worlds {
			seed := c.Seed + uint64(n)
			if err := c.world(ctx, newWorld(component, seed, of), seed, &score); err != nil {
				return nil, fmt.Errorf("simulate settings of world %d at model error %.2f: %w", n, of.model, err)
			}
			if c.Progress != nil {
				c.Progress(e*c.Worlds+n+1, len(models)*c.Worlds)
			}
		}
		score.divide(float64(c.Worlds))
		out = append(out, score)
	}
	return out, nil
}

// component is the service of every world.
const component = "service"

// world plays all ways in one world.
func (c Config) world(ctx context.Context, w *world, seed uint64, score *Score) error {
	g := game{world: w, seed: seed}
	evolved, found, err := c.evolving(ctx, g, game.evolve)
	if err != nil {
		return err
	}
	replayed, _, err := c.evolving(ctx, g, game.evolveAndReplay)
	if err != nil {
		return err
	}
	base, err := g.lived(ctx, valuesOf(w.declared()))
	if err != nil {
		return err
	}
	modelled, err := g.lived(ctx, found)
	if err != nil {
		return err
	}
	best, err := g.lived(ctx, w.best())
	if err != nil {
		return err
	}
	score.add(Default, &score.Default, base)
	score.add(Oracle, &score.Oracle, best)
	score.add(ModelOnly, &score.ModelOnly, modelled)
	score.add(Genetic, &score.Genetic, evolved)
	score.add(Replay, &score.Replay, replayed)
	score.worlds = append(score.worlds, lived{base.total / Incidents, evolved.total / Incidents, replayed.total / Incidents})
	score.Worst = max(score.Worst, evolved.total/base.total, replayed.total/base.total)
	return nil
}

// evolving has a strategy without memory prepare, and then live through the
// incidents. It returns what the model found best as well.
func (c Config) evolving(ctx context.Context, g game, prepare func(game, context.Context) (map[string]sdk.Value, error)) (*player, map[string]sdk.Value, error) {
	s, end, err := c.Start(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer end()
	g.strategy = s
	found, err := prepare(g, ctx)
	if err != nil {
		return nil, nil, err
	}
	p, err := g.lived(ctx, valuesOf(g.world.declared()))
	return p, found, err
}

// start is when every world begins; the machine looks at spans alone.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// game is one world with all that is played in it; without a strategy nothing moves
// the settings.
type game struct {
	world    *world
	seed     uint64
	strategy Strategy
}

// lived is a player that has lived through all incidents.
func (g game) lived(ctx context.Context, values map[string]sdk.Value) (*player, error) {
	p := newPlayer(ctx, g, values)
	return p, p.play()
}

// add adds what a way has left in a world.
func (s *Score) add(name string, sum *float64, p *player) {
	*sum += p.total / Incidents
	s.Outside += p.outside
	if s.Curves[name] == nil {
		s.Curves[name] = make([]float64, Incidents)
	}
	total := 0.0
	for i, d := range p.each {
		total += d
		s.Curves[name][i] += total / time.Hour.Seconds()
	}
}

func (s *Score) divide(worlds float64) {
	for _, sum := range []*float64{&s.Default, &s.ModelOnly, &s.Genetic, &s.Replay, &s.Oracle} {
		*sum /= worlds
	}
	for _, curve := range s.Curves {
		for i := range curve {
			curve[i] /= worlds
		}
	}
	s.GeneticError = s.deviates(func(w lived) float64 { return w.genetic })
	s.ReplayError = s.deviates(func(w lived) float64 { return w.replay })
}

// deviates is the standard error of the ratio of a way's mean downtime to the default's
// over worlds (Cochran, Sampling Techniques, 1977, section 6.4).
func (s *Score) deviates(way func(lived) float64) float64 {
	n := float64(len(s.worlds))
	if n < 2 {
		return 0
	}
	var sum, base float64
	for _, w := range s.worlds {
		sum, base = sum+way(w), base+w.base
	}
	squares := 0.0
	for _, w := range s.worlds {
		d := way(w) - sum/base*w.base
		squares += d * d
	}
	return math.Sqrt(squares/(n-1)/n) / (base / n)
}
