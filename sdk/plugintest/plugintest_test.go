package plugintest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type config struct {
	Every int `homeostat:",default=2,min=1" doc:"Report each so many windows."`
}

// counter uses every optional ability.
type counter struct {
	every int
	Count int `json:"count"`
}

func newCounter(c config, _ sdk.Env) (sdk.Detector, error) { return &counter{every: c.Every}, nil }

// Detect reports each so many windows.
func (c *counter) Detect(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	if len(w.Series) == 0 {
		return nil, sdk.ErrNotReady
	}
	c.Count++
	if c.Count%c.every != 0 {
		return nil, nil
	}
	return []sdk.Anomaly{{Kind: "count", Score: 0.5, Summary: w.Component}}, nil
}

// SaveState writes JSON.
func (c *counter) SaveState() ([]byte, error) { return json.Marshal(c) }

// LoadState reads it.
func (c *counter) LoadState(state []byte) error { return json.Unmarshal(state, c) }

// Train counts as well.
func (c *counter) Train(_ context.Context, history []sdk.Window) error {
	c.Count += len(history)
	return nil
}

// Feedback refuses false alarms that it never raised.
func (c *counter) Feedback(_ context.Context, m sdk.Mark) error {
	if !m.Right && c.Count == 0 {
		return errors.New("nothing was reported yet")
	}
	return nil
}

// Explain tells the component.
func (c *counter) Explain(_ context.Context, component string) (string, error) {
	return component + " was counted", nil
}

// LookBack is an hour.
func (c *counter) LookBack() time.Duration { return time.Hour }

func windows(n int) []sdk.Window {
	out := make([]sdk.Window, n)
	for i := range out {
		out[i] = Window("web").At(time.Duration(i)*time.Minute).Gauge("cpu_percent", "percent", 1, 2, 3).Build()
	}
	return out
}

func TestDetectorThatKeepsItsPromisesPasses(t *testing.T) {
	Detector(t, serve.NewDetector("counter", "1.0.0", newCounter), Case{Config: "every = 3", Windows: windows(10)})
}

func TestOptionalAbilitiesReachTheAuthorsCode(t *testing.T) {
	h := Serve(t, serve.NewDetector("counter", "1.0.0", newCounter))
	if _, err := h.Detect(t.Context(), windows(1)[0]); err == nil {
		t.Error("a plugin answered before it was configured")
	}
	configured, err := h.Configure(t.Context(), nil, 1)
	if err != nil || configured.LookBack != time.Hour {
		t.Errorf("got %+v, %v, want an hour of look-back", configured, err)
	}
	d, err := h.Describe(t.Context())
	if err != nil || !d.Has(wire.FeatureState) || !d.Has(wire.FeatureTrain) || !d.Has(wire.FeatureFeedback) || !d.Has(wire.FeatureExplain) || d.Has(wire.FeatureLearn) {
		t.Errorf("got %v, %v, want the four abilities and no other", d.Features, err)
	}
	var own *wire.PluginError
	if err := h.Feedback(t.Context(), sdk.Mark{}); !errors.As(err, &own) {
		t.Errorf("got %v, want the author's error", err)
	}
	if err := h.Train(t.Context(), windows(3)); err != nil {
		t.Error(err)
	}
	if text, err := h.Explain(t.Context(), "web"); err != nil || text != "web was counted" {
		t.Errorf("got %q, %v", text, err)
	}
	big := Window("web").Gauge("cpu_percent", "percent", make([]float64, 300_000)...).Build()
	if err := h.Train(t.Context(), []sdk.Window{big, big, big, big, big}); err != nil {
		t.Errorf("history beyond one message: %v", err)
	}
	if state, err := h.SaveState(t.Context()); err != nil || string(state) != `{"count":8}` {
		t.Errorf("got %s, %v, want the eight windows of both trainings", state, err)
	}
	if _, err := h.Ask(t.Context(), sdk.Problem{}, 1); !errors.Is(err, wire.ErrUnsupported) {
		t.Errorf("got %v, want %v", err, wire.ErrUnsupported)
	}
	if _, err := h.Configure(t.Context(), nil, 1); err == nil {
		t.Error("a plugin was configured twice")
	}
}

// evolver is a strategy with every optional ability.
type evolver struct{ told, learnt int }

type nothing struct{}

func newEvolver(nothing, sdk.Env) (sdk.Strategy, error) { return &evolver{}, nil }

// Propose waits.
func (e *evolver) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	return sdk.Proposal{Actions: []sdk.Action{sdk.Wait{Component: in.Component, For: time.Second}}}, nil
}

// Learn counts.
func (e *evolver) Learn(context.Context, sdk.Outcome) error { e.learnt++; return nil }

// Ask returns candidates in the middle.
func (e *evolver) Ask(_ context.Context, p sdk.Problem, n int) ([]sdk.Genome, error) {
	out := make([]sdk.Genome, n)
	for i := range out {
		out[i] = sdk.Genome{ID: uint64(i + 1), Genes: make([]float64, len(p.Parameters))}
	}
	return out, nil
}

// Tell counts.
func (e *evolver) Tell(_ context.Context, _ sdk.Problem, scores []sdk.Score) error {
	e.told += len(scores)
	return nil
}

func TestStrategyThatKeepsItsPromisesPasses(t *testing.T) {
	p := serve.NewStrategy("evolver", "1.0.0", newEvolver)
	Strategy(t, p, Case{Incidents: []sdk.Incident{{ID: "1", Component: "web"}, {ID: "2", Component: "store"}}})
	h := Configured(t, p, "")
	problem := sdk.Problem{Component: "web", Parameters: make([]sdk.Parameter, 2), Budget: 9}
	genomes, err := h.Ask(t.Context(), problem, 3)
	if err != nil || len(genomes) != 3 || len(genomes[2].Genes) != 2 {
		t.Errorf("got %v, %v, want three genomes of two genes", genomes, err)
	}
	if err := h.Tell(t.Context(), problem, []sdk.Score{{Genome: 1, Value: 2}}); err != nil {
		t.Error(err)
	}
	if err := h.Learn(t.Context(), sdk.Outcome{Incident: "1", Result: sdk.ResultHealed}); err != nil {
		t.Error(err)
	}
}
