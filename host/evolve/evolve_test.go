package evolve

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/plugins/strategy-genetic/genetic"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plugin is the real strategy, called directly.
type plugin struct {
	sdk.Strategy
	sdk.Evolver
	sdk.Stateful
	broken error
}

func newPlugin(t *testing.T) *plugin {
	t.Helper()
	s, err := genetic.New(genetic.Config{ControlWait: time.Second}, sdk.Env{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	return &plugin{Strategy: s, Evolver: s.(sdk.Evolver), Stateful: s.(sdk.Stateful)}
}

func (p *plugin) Name() string { return "genetic" }

func (p *plugin) Ask(ctx context.Context, problem sdk.Problem, n int) ([]sdk.Genome, error) {
	if p.broken != nil {
		return nil, p.broken
	}
	return p.Evolver.Ask(ctx, problem, n)
}

// function is a model in Go; it notes what it was asked.
type function struct {
	cost   func(params []float64, seed uint64) (float64, error)
	replay func(params, series []float64) (float64, error)

	mu    sync.Mutex
	count int
	seeds map[uint64]int // under mu
}

func (f *function) Evaluate(_ context.Context, params []float64, streams []Stream) ([]float64, error) {
	var out []float64
	for _, s := range streams {
		f.mu.Lock()
		f.count++
		if f.seeds == nil {
			f.seeds = map[uint64]int{}
		}
		f.seeds[s.Seed]++
		f.mu.Unlock()
		ask := func() (float64, error) { return f.cost(params, s.Seed) }
		if len(s.Series) > 0 {
			ask = func() (float64, error) { return f.replay(params, s.Series) }
		}
		cost, err := ask()
		if err != nil {
			return out, err
		}
		out = append(out, cost)
	}
	return out, nil
}

func (f *function) Close() {}

// world is what a Searcher needs, in memory.
type world struct {
	set        Settings
	parameters []sdk.Parameter
	plugin     *plugin
	model      *function
	openError  error
	quiet      func() bool
	docs       map[string][]byte
	audit      []map[string]any
	recorded   hours
}

func newWorld(t *testing.T) *world {
	return &world{
		set: Settings{Evaluations: 300, Seeds: 2, Every: time.Hour, Targets: []Target{{Component: "web", Module: "web.wasm", SHA256: "ab"}}},
		parameters: []sdk.Parameter{
			{Component: "web", Name: "workers", Type: sdk.TypeInt, Min: 1, Max: 64, Default: sdk.Value{Number: 4}, Value: sdk.Value{Number: 4}},
			{Component: "web", Name: "timeout", Type: sdk.TypeFloat, Min: 0.1, Max: 10, Default: sdk.Value{Number: 5}, Value: sdk.Value{Number: 5}},
		},
		plugin: newPlugin(t), model: &function{cost: bowl}, quiet: func() bool { return true }, docs: map[string][]byte{},
	}
}

// bowl is least, 1, at 40 workers and a timeout of one second.
func bowl(p []float64, _ uint64) (float64, error) {
	a, b := (p[0]-40)/10, p[1]-1
	return 1 + a*a + b*b, nil
}

func (w *world) searcher() *Searcher {
	return New(Options{
		Log: hclog.NewNullLogger(), Settings: func() Settings { return w.set },
		Parameters: func(string) ([]sdk.Parameter, []sdk.Forbidden) { return w.parameters, nil },
		Evolver:    func() (Evolver, bool) { return w.plugin, w.plugin != nil },
		Open:       func(context.Context, Target) (Evaluator, error) { return w.model, w.openError },
		Quiet:      func() bool { return w.quiet() },
		Keep:       func(_ context.Context, name string, doc []byte) error { w.docs[name] = doc; return nil },
		Kept:       func(_ context.Context, name string) ([]byte, error) { return w.docs[name], nil },
		Audit:      func(_ string, fields map[string]any) error { w.audit = append(w.audit, fields); return nil },
		Look:       time.Minute, Recorded: &w.recorded,
	})
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// look lets the searcher look around once and returns what is known of web.
func look(t *testing.T, s *Searcher, at time.Time) Status {
	t.Helper()
	s.lookAround(t.Context(), at)
	list := s.Statuses()
	if len(list) != 1 {
		t.Fatalf("got %d statuses, want one", len(list))
	}
	return list[0]
}

func TestSearchFindsBetterSettingsAndProvesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		st := look(t, w.searcher(), start)
		if st.State != Done || st.Round != 2 || st.Spent > provers {
			t.Fatalf("got %+v, want a round and its proof", st)
		}
		if st.Default < 20 || st.Best > 1.5 || math.Abs(st.BestValues["workers"].Number-40) > 6 {
			t.Errorf("the default costs %v, the best %v at %v", st.Default, st.Best, st.BestValues)
		}
		if len(w.audit) != 1 || w.audit[0]["state"] != "done" {
			t.Errorf("recorded: %v", w.audit)
		}
	})
}

func TestCandidatesOfARoundMeetTheSameLuckAndTheProofAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		look(t, w.searcher(), start)
		if len(w.model.seeds) != 2*w.set.Seeds {
			t.Errorf("seeds %v, want two for each of two rounds", w.model.seeds)
		}
		for n := range w.set.Seeds {
			if w.model.seeds[seed(1, n)] != w.set.Evaluations {
				t.Errorf("seed %d of the round was used %d times, want for all %d", n, w.model.seeds[seed(1, n)], w.set.Evaluations)
			}
		}
	})
}

func TestWhatIsOfNoUseIsSetAsideAndSaid(t *testing.T) {
	trap := fmt.Errorf("%w: unreachable", ErrModel)
	for name, c := range map[string]struct {
		spoil func(*world)
		want  string
	}{
		"a model that traps or hangs": {func(w *world) { w.model.cost = func([]float64, uint64) (float64, error) { return 0, trap } }, "unreachable"},
		"a model without a number":    {func(w *world) { w.model.cost = func([]float64, uint64) (float64, error) { return math.NaN(), nil } }, "NaN"},
		"a model that is constant":    {func(w *world) { w.model.cost = func([]float64, uint64) (float64, error) { return 7, nil } }, "same cost, 7"},
		"a model that fails mostly": {func(w *world) {
			w.model.cost = func(p []float64, _ uint64) (float64, error) {
				if p[0] != 4 {
					return 0, trap
				}
				return p[1], nil
			}
		}, "could not judge"},
		"a model that is not there":  {func(w *world) { w.openError = fmt.Errorf("%w: no such file", ErrModel) }, "no such file"},
		"a parameter without bounds": {func(w *world) { w.parameters[1].Max = 0; w.parameters[1].Min = 0 }, "no bounds"},
		"no parameters":              {func(w *world) { w.parameters = nil }, "0 parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				c.spoil(w)
				s := w.searcher()
				st := look(t, s, start)
				if st.State != SetAside || !strings.Contains(st.Why, c.want) {
					t.Fatalf("got %+v, want it set aside with %q", st, c.want)
				}
				count := w.model.count
				if look(t, s, start.Add(time.Minute)); w.model.count != count {
					t.Error("it was tried again at once")
				}
				w.set.Targets[0].SHA256, w.model.cost, w.openError = "cd", bowl, nil
				w.parameters = newWorld(t).parameters
				if st := look(t, s, start.Add(2*time.Minute)); st.State != Done {
					t.Errorf("with another model and declaration: got %+v, want it done", st)
				}
			})
		})
	}
}

func TestSearchPausesForWhatIsMoreImportantAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.quiet = func() bool { return w.model.count < 100 }
		s := w.searcher()
		st := look(t, s, start)
		if st.State != Searching || st.Spent == 0 || st.Spent >= w.set.Evaluations {
			t.Fatalf("got %+v, want a round under way", st)
		}
		w.quiet = func() bool { return true }
		w.plugin.broken = errors.New("restarting")
		if st = look(t, s, start.Add(time.Minute)); st.State != Searching || !strings.Contains(st.Why, "restarting") {
			t.Fatalf("got %+v, want an interrupted round", st)
		}
		w.plugin.broken = nil
		if st = look(t, s, start.Add(2*time.Minute)); st.State != Done || st.Round != 2 {
			t.Errorf("got %+v, want the same round done", st)
		}
		if total := w.model.count / w.set.Seeds; total > w.set.Evaluations+provers {
			t.Errorf("%d evaluations, the budget is %d", total, w.set.Evaluations+provers)
		}
	})
}

// converged asks for the default first and for one other setting ever after.
type converged struct{ asked uint64 }

func (c *converged) Name() string { return "converged" }

func (c *converged) Ask(_ context.Context, p sdk.Problem, n int) ([]sdk.Genome, error) {
	var out []sdk.Genome
	for range n {
		genes := []float64{0.9, 0.9}
		if c.asked == 0 {
			genes = p.Encode(map[string]sdk.Value{"workers": p.Parameters[0].Default, "timeout": p.Parameters[1].Default})
		}
		c.asked++
		out = append(out, sdk.Genome{ID: c.asked, Genes: genes})
	}
	return out, nil
}

func (c *converged) Tell(context.Context, sdk.Problem, []sdk.Score) error { return nil }

func TestSearchThatHasConvergedIsNotTakenForAConstantModelAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := &converged{}
		s := w.searcher()
		s.opt.Evolver = func() (Evolver, bool) { return c, true }
		w.quiet = func() bool { return w.model.count < 100 }
		if st := look(t, s, start); st.State != Searching {
			t.Fatalf("got %+v, want a search that is interrupted", st)
		}
		w.quiet = func() bool { return true }
		if st := look(t, s, start.Add(time.Minute)); st.State == SetAside {
			t.Errorf("got %+v, want it to go on", st)
		}
	})
}

func TestSearchOfAnEarlierDaemonIsShownWhileSomethingElseGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		want := look(t, w.searcher(), start)
		w.quiet = func() bool { return false }
		if st := look(t, w.searcher(), start.Add(time.Minute)); st.State != Done || st.Best != want.Best {
			t.Errorf("got %+v, want %+v", st, want)
		}
	})
}

func TestKilledDaemonGoesOnWithTheLastWholePopulation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var kept []byte
		w.quiet = func() bool { // the state is kept now and then, and the daemon is killed later
			if kept == nil && w.model.count >= 100 {
				kept, _ = w.plugin.SaveState()
			}
			return w.model.count < 300
		}
		look(t, w.searcher(), start)
		w.plugin = newPlugin(t)
		if err := w.plugin.LoadState(kept); err != nil {
			t.Fatal(err)
		}
		w.quiet = func() bool { return true }
		before := w.model.count
		st := look(t, w.searcher(), start.Add(time.Minute))
		if st.State != Done || st.Round != 2 || st.Best > 1.5 {
			t.Errorf("got %+v, want the round done", st)
		}
		if more := (w.model.count - before) / w.set.Seeds; more >= w.set.Evaluations {
			t.Errorf("%d evaluations after the restart: the round began anew", more)
		}
	})
}

func TestChangedDeclarationBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.searcher()
		look(t, s, start)
		w.parameters = slices.Clone(w.parameters)
		w.parameters[0].Max = 20
		if st := look(t, s, start.Add(time.Minute)); st.State != Done || st.Round != 4 || st.BestValues["workers"].Number > 20 {
			t.Errorf("got %+v, want two more rounds within the new bounds", st)
		}
	})
}

func TestRoundsComeInTheirTimeUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.searcher()
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { s.Run(ctx) })
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if st := s.Statuses(); len(st) != 1 || st[0].Round != 2 {
			t.Errorf("after half an hour: %+v, want one search", st)
		}
		time.Sleep(45 * time.Minute)
		synctest.Wait()
		if st := s.Statuses(); st[0].Round != 4 {
			t.Errorf("after an hour and a quarter: %+v, want two searches", st)
		}
		cancel()
		running.Wait()
	})
}
