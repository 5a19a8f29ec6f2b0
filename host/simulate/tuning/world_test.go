package tuning

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/plugins/strategy-genetic/genetic"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plugin is the real strategy, called directly.
type plugin struct {
	sdk.Strategy
	sdk.Evolver
	sdk.Learner
}

func newPlugin(t *testing.T) Strategy {
	t.Helper()
	s, err := genetic.New(genetic.Config{ControlWait: 5 * time.Second}, sdk.Env{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	return plugin{s, s.(sdk.Evolver), s.(sdk.Learner)}
}

func starter(t *testing.T) func(context.Context) (Strategy, func(), error) {
	return func(context.Context) (Strategy, func(), error) { return newPlugin(t), func() {}, nil }
}

func TestModelWithoutErrorIsTheTruth(t *testing.T) {
	w := newWorld("web", 1, modelErrors{})
	v := valuesOf(w.declared())
	if w.foretold(v) != w.mean(v) {
		t.Errorf("the model says %v, the truth is %v", w.foretold(v), w.mean(v))
	}
	off := newWorld("web", 1, modelErrors{0.5, 0.1})
	if off.foretold(v) == off.mean(v) || off.mean(v) != w.mean(v) {
		t.Errorf("with an error the model says %v, the truth is %v and was %v", off.foretold(v), off.mean(v), w.mean(v))
	}
	if w.mean(w.best()) > 1.01*floor {
		t.Errorf("the best settings take %v, want about %v", w.mean(w.best()), floor)
	}
}

func TestSameIncidentIsAsBadUnderAllSettings(t *testing.T) {
	w := newWorld("web", 2, modelErrors{})
	a := valuesOf(w.declared())
	b := valuesOf(w.declared())
	b["workers"] = w.declared()[0].Decode(0.99)
	x, y := w.incident(7, a)/w.mean(a), w.incident(7, b)/w.mean(b)
	if d := x - y; d > 1e-12 || d < -1e-12 {
		t.Errorf("one incident is %v times as long as usual, and %v times", x, y)
	}
}

func TestEvolvedSettingsShortenIncidentsWithAGoodModel(t *testing.T) {
	scores, err := Run(t.Context(), Config{Worlds: 3, Seed: 1, Start: starter(t)})
	if err != nil {
		t.Fatal(err)
	}
	s := scores[0]
	if len(scores) != 4 || s.ToDefault() > 0.8 || s.Oracle > s.Genetic || s.Outside > 0 {
		t.Errorf("got %+v, want less downtime than the default and no less than the oracle's", s)
	}
	for name, curve := range s.Curves {
		if len(curve) != Incidents || curve[Incidents-1] < curve[0] {
			t.Errorf("the curve %s is %v", name, curve)
		}
	}
	again, err := Run(t.Context(), Config{Worlds: 3, Seed: 1, Start: starter(t)})
	if err != nil || !reflect.DeepEqual(scores, again) {
		t.Errorf("the same seed gives other scores: %+v, %v; want %+v", again, err, scores)
	}
}

func TestWithoutARungThatHelpsAnIncidentTakesItsTime(t *testing.T) {
	w := newWorld("web", 4, modelErrors{})
	g := game{world: w, seed: 4}
	p := newPlayer(t.Context(), g, valuesOf(w.declared()))
	if err := p.play(); err != nil {
		t.Fatal(err)
	}
	for n, got := range p.each {
		want := w.incident(uint64(4<<20+n), valuesOf(w.declared()))
		if d := got - want; d > 0.001 || d < -0.001 {
			t.Fatalf("incident %d took %v s, want %v", n, got, want)
		}
	}
}

func TestScoresAreHeldToTheirBars(t *testing.T) {
	good := Score{ModelError: 0.08, Default: 100, Genetic: 45, Replay: 46}
	slow, wild, worse, bad := good, good, good, Score{ModelError: 0.6, Default: 100, Genetic: 103}
	slow.Genetic, wild.Outside, worse.Replay = 51, 1, 47
	if err := Judge([]Score{good, {ModelError: 0.25, Default: 1, Genetic: 9}}); err != nil {
		t.Errorf("got %v", err)
	}
	for _, s := range []Score{slow, wild, worse, bad} {
		if Judge([]Score{good, s}) == nil {
			t.Errorf("%+v was let through", s)
		}
	}
}

func TestErrorOfARatioIsThatOfItsResiduals(t *testing.T) {
	s := Score{worlds: []lived{{100, 40, 50}, {200, 110, 100}}}
	s.divide(2)
	// The ratio is 150 / 300; the residuals are -10 and 10, the mean of the default 150.
	if want := 10.0 / 150; s.GeneticError < want-1e-12 || s.GeneticError > want+1e-12 || s.ReplayError != 0 {
		t.Errorf("got %v and %v, want %v and 0, for the replay is half of the default in every world", s.GeneticError, s.ReplayError, want)
	}
	one := Score{worlds: []lived{{100, 40, 50}}}
	if one.divide(1); one.GeneticError != 0 {
		t.Errorf("one world: got %v, want 0", one.GeneticError)
	}
}

func TestRunEndsWhenItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Config{Worlds: 1, Start: starter(t)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
