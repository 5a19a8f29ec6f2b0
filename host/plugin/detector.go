package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/plugin/supervisor"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/wire"
)

// ErrUnsupported means that the plugin does not have the ability asked for.
var ErrUnsupported = wire.ErrUnsupported

// Detector is a configured detector plugin, running or not. It stays usable
// until the next Apply that changes it; then its calls fail.
type Detector struct{ r *running }

// Detectors returns all detectors in the order of their names.
func (h *Host) Detectors() []Detector {
	var out []Detector
	for _, r := range h.of(wire.KindDetector) {
		out = append(out, Detector{r})
	}
	return out
}

// Name returns the plugin's name.
func (d Detector) Name() string { return d.r.spec.Name }

// LookBack returns how much of the past the detector wants with each window,
// zero before it was ready for the first time.
func (d Detector) LookBack() time.Duration { return d.r.supervisor.Status().LookBack }

// Ready reports whether the detector can be asked now.
func (d Detector) Ready() bool { return d.r.supervisor.Status().State == supervisor.Ready }

// Detect hands a window to the detector and returns the valid anomalies of its
// answer, with the defaults filled in. sdk.ErrNotReady means that it lacks data;
// every other error means that it was blind for this window, which has to be
// delivered again.
func (d Detector) Detect(ctx context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	var found []sdk.Anomaly
	err := d.r.call(ctx, func(ctx context.Context, c *wire.Client) (err error) {
		found, err = c.Detect(ctx, w)
		return err
	})
	if err != nil {
		return nil, err
	}
	found, err = d.r.judge.anomalies(w, found)
	if err != nil {
		return nil, fmt.Errorf("detector %s: %w", d.r.spec.Name, err)
	}
	return found, nil
}

// trainTimeouts is how many call timeouts training may take: it may look at a
// week of history. Windows wait meanwhile.
const trainTimeouts = 30

// Train hands history to the detector, in windows in the order of time.
// ErrUnsupported means that it does not learn that way.
func (d Detector) Train(ctx context.Context, history []sdk.Window) error {
	if err := d.r.has(wire.FeatureTrain); err != nil {
		return err
	}
	timeout := trainTimeouts * d.r.spec.CallTimeout
	err := d.r.supervisor.CallWithin(ctx, timeout, func(ctx context.Context, c *wire.Client) error { return c.Train(ctx, history) })
	return d.r.named(err)
}

// Feedback passes an operator's judgement on. ErrUnsupported means that the
// detector does not take any.
func (d Detector) Feedback(ctx context.Context, m sdk.Mark) error {
	return d.r.ability(ctx, wire.FeatureFeedback, func(ctx context.Context, c *wire.Client) error { return c.Feedback(ctx, m) })
}

// Explain asks what the detector has learnt about a component. ErrUnsupported
// means that it cannot say.
func (d Detector) Explain(ctx context.Context, component string) (string, error) {
	return d.r.explain(ctx, component)
}

func (r *running) explain(ctx context.Context, component string) (string, error) {
	var text string
	err := r.ability(ctx, wire.FeatureExplain, func(ctx context.Context, c *wire.Client) (err error) {
		text, err = c.Explain(ctx, component)
		return err
	})
	return text, err
}

// ability makes a call that needs an announced feature.
func (r *running) ability(ctx context.Context, feature string, ask func(context.Context, *wire.Client) error) error {
	if err := r.has(feature); err != nil {
		return err
	}
	return r.call(ctx, ask)
}

// has is an error when a plugin that is ready did not announce the feature.
func (r *running) has(feature string) error {
	s := r.supervisor.Status()
	if s.State == supervisor.Ready && !s.Description.Has(feature) {
		return fmt.Errorf("%s: plugin %s: %w", feature, r.spec.Name, ErrUnsupported)
	}
	return nil
}

func (r *running) call(ctx context.Context, ask func(context.Context, *wire.Client) error) error {
	return r.named(r.supervisor.Call(ctx, ask))
}

// named names the plugin in errors, apart from "not enough data", which is no
// error of its.
func (r *running) named(err error) error {
	if err == nil || errors.Is(err, sdk.ErrNotReady) {
		return err
	}
	return fmt.Errorf("%s %s: %w", r.spec.Kind, r.spec.Name, err)
}
