package plugintest

import (
	"errors"
	"reflect"
	"regexp"
	"testing"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/wire"
)

// Case is what a suite works with.
type Case struct {
	// Config is a TOML table that the plugin accepts.
	Config string
	// Windows are handed to a detector in this order.
	Windows []sdk.Window
	// Incidents are handed to a strategy in this order.
	Incidents []sdk.Incident
}

// Detector checks what the host relies on in every detector: it describes
// itself, refuses unknown keys, survives an empty window, answers within the
// rules, answers the same when all is repeated, and carries on from its saved
// state.
func Detector(t *testing.T, p *serve.Plugin, c Case) {
	common(t, p, c, wire.KindDetector)
	t.Run("an empty window is no reason to fail", func(t *testing.T) {
		h := Configured(t, p, c.Config)
		_, err := h.Detect(h.ctx(), sdk.Window{Component: "empty", End: Epoch})
		if err != nil && !errors.Is(err, sdk.ErrNotReady) {
			t.Errorf("got %v, want an answer or sdk.ErrNotReady", err)
		}
	})
	t.Run("answers keep the rules and can be repeated", func(t *testing.T) {
		first := detections(t, Configured(t, p, c.Config), c.Windows)
		second := detections(t, Configured(t, p, c.Config), c.Windows)
		same(t, second, first, "the second run of the same windows")
	})
	t.Run("the saved state carries on", func(t *testing.T) {
		half := len(c.Windows) / 2
		whole := Configured(t, p, c.Config)
		detections(t, whole, c.Windows[:half])
		heir := Configured(t, p, c.Config)
		handOver(t, whole, heir)
		same(t, detections(t, heir, c.Windows[half:]), detections(t, whole, c.Windows[half:]), "the instance with the loaded state")
	})
}

// Strategy checks what the host relies on in every strategy: it describes
// itself, refuses unknown keys, answers within the rules, answers the same when
// all is repeated, and carries on from its saved state.
func Strategy(t *testing.T, p *serve.Plugin, c Case) {
	common(t, p, c, wire.KindStrategy)
	t.Run("proposals keep the rules and can be repeated", func(t *testing.T) {
		first := proposals(t, Configured(t, p, c.Config), c.Incidents)
		second := proposals(t, Configured(t, p, c.Config), c.Incidents)
		same(t, second, first, "the second run of the same incidents")
	})
	t.Run("the saved state carries on", func(t *testing.T) {
		half := len(c.Incidents) / 2
		whole := Configured(t, p, c.Config)
		proposals(t, whole, c.Incidents[:half])
		heir := Configured(t, p, c.Config)
		handOver(t, whole, heir)
		same(t, proposals(t, heir, c.Incidents[half:]), proposals(t, whole, c.Incidents[half:]), "the instance with the loaded state")
	})
}

var goodName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

func common(t *testing.T, p *serve.Plugin, c Case, kind wire.PluginKind) {
	t.Run("it describes itself", func(t *testing.T) {
		h := Serve(t, p)
		d, err := h.Describe(h.ctx())
		if err != nil {
			t.Fatal(err)
		}
		if !goodName.MatchString(d.Name) || d.Version == "" || d.Kind != kind {
			t.Errorf("got name %q, version %q, kind %q, want a lower-case name, a version, kind %q", d.Name, d.Version, d.Kind, kind)
		}
	})
	t.Run("an unknown key is refused", func(t *testing.T) {
		h := Serve(t, p)
		var refused *wire.ConfigError
		if _, err := h.Configure(h.ctx(), []byte("no_such_key = 1\n"+c.Config), seed); !errors.As(err, &refused) {
			t.Errorf("got %v, want a refusal", err)
		}
	})
	t.Run("a foreign state is refused and does no harm", func(t *testing.T) {
		h := Configured(t, p, c.Config)
		var refused *wire.StateRefused
		err := h.LoadState(h.ctx(), []byte("\x00this is no state of yours"))
		if !errors.As(err, &refused) && !errors.Is(err, wire.ErrUnsupported) {
			t.Errorf("got %v, want a refusal", err)
		}
	})
}

// handOver saves the state of one instance into another; plugins without state
// have nothing to hand over.
func handOver(t *testing.T, from, to *Harness) {
	t.Helper()
	state, err := from.SaveState(from.ctx())
	if errors.Is(err, wire.ErrUnsupported) {
		t.Skip("the plugin keeps no state")
	}
	if err == nil {
		err = to.LoadState(to.ctx(), state)
	}
	if err != nil {
		t.Fatalf("hand the state over: %v", err)
	}
}

func detections(t *testing.T, h *Harness, windows []sdk.Window) [][]sdk.Anomaly {
	t.Helper()
	out := make([][]sdk.Anomaly, 0, len(windows))
	for i, w := range windows {
		found, err := h.Detect(h.ctx(), w)
		if err != nil && !errors.Is(err, sdk.ErrNotReady) {
			t.Fatalf("window %d: %v", i, err)
		}
		for j := range found {
			found[j] = found[j].WithDefaults(w)
			if err := found[j].Validate(); err != nil {
				t.Errorf("window %d: %v", i, err)
			}
		}
		out = append(out, found)
	}
	return out
}

func proposals(t *testing.T, h *Harness, incidents []sdk.Incident) []sdk.Proposal {
	t.Helper()
	out := make([]sdk.Proposal, 0, len(incidents))
	for i, in := range incidents {
		p, err := h.Propose(h.ctx(), in)
		if err != nil {
			t.Fatalf("incident %d: %v", i, err)
		}
		if err := p.Validate(); err != nil {
			t.Errorf("incident %d: %v", i, err)
		}
		if len(p.Actions) == 0 && p.Reason == "" {
			t.Errorf("incident %d: no actions and no reason why", i)
		}
		out = append(out, p)
	}
	return out
}

func same(t *testing.T, got, want any, who string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s answers differently:\ngot  %+v\nwant %+v", who, got, want)
	}
}
