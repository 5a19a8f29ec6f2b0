// Package behavior is the algorithm of the behavior detector: it learns how the
// signals of a component and of those linked to it usually move together, and
// reports when they no longer do, with the likely cause.
//
// It owns the profiles, the alarms and their explanations; the mathematics is in
// pca and rootcause. It sees only windows and takes the time from them. Missing
// data is inconclusive: it neither begins nor ends an anomaly. A Detector is used
// from one goroutine, as the sdk promises.
package behavior

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-behavior/rootcause"
	"github.com/homeostat/homeostat/sdk"
)

// Config is the plugin's table.
type Config struct {
	Step        time.Duration `homeostat:"step,default=30s,min=1s,max=1h" doc:"Values are averaged over at least this long before they are compared."`
	Warmup      time.Duration `homeostat:"warmup,default=30m,min=1s,max=168h" doc:"How long a component is watched before it is judged."`
	Memory      time.Duration `homeostat:"memory,default=168h,min=1h,max=2160h" doc:"How long past behavior counts."`
	Settle      time.Duration `homeostat:"settle,default=2m,min=0s,max=1h" doc:"How long after a start nothing is judged or learnt."`
	For         time.Duration `homeostat:"for,default=1m,min=0s,max=24h" doc:"How long behavior must be unusual without a break."`
	Accept      time.Duration `homeostat:"accept,default=6h,min=1m,max=720h" doc:"After this long, changed behavior is taken as the new usual."`
	Sensitivity float64       `homeostat:"sensitivity,default=1,min=0.1,max=10" doc:"2 reports at half the deviation, 0.5 at twice."`
	Neighbours  bool          `homeostat:"neighbours,default=true" doc:"Whether relations to the signals of linked components count too."`
	Severity    sdk.Severity  `homeostat:"severity,default=low" doc:"How bad it is: low, medium, high or critical. From medium on, the restart strategy acts."`
	Rank        bool          `homeostat:"rank" doc:"Answer each window with all components in it by suspicion, compared with the training; for homeostat backtest --rank."`
}

// The kinds of the anomalies of this detector.
const (
	kindBehavior = "behavior"
	kindSuspect  = "suspect"
	key          = kindBehavior + "/relations"
)

// openTTL keeps an anomaly that is reported with every window from running out
// while a plugin is restarted; its end is reported explicitly.
const openTTL = time.Hour

// Detector holds the profiles of all components. Use New.
type Detector struct {
	config   Config
	profiles map[string]*profile
	calls    map[rootcause.Call]bool
	// normal is the training of the ranking.
	normal map[signal][]float64
}

// New returns the detector.
func New(c Config, _ sdk.Env) (sdk.Detector, error) {
	if c.Severity == sdk.SeverityUnknown {
		return nil, fmt.Errorf("severity: want low, medium, high or critical")
	}
	return &Detector{config: c, profiles: map[string]*profile{}, calls: map[rootcause.Call]bool{}, normal: map[signal][]float64{}}, nil
}

// Detect adds the window to the component's row and judges the row when it is
// whole. Windows of history are rows by themselves and are answered with a score.
func (d *Detector) Detect(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	if d.config.Rank {
		return d.suspectsOf(w), nil
	}
	p := d.profile(w.Component)
	d.note(w.Links)
	if w.Status.State == sdk.StateStopped {
		p.row = row{}
		return p.end(w, "it is stopped on purpose"), nil
	}
	values, whole := p.gather(w, d.config)
	if !whole && p.ready(d.config) {
		return p.report(w), nil
	}
	if !whole {
		return p.report(w), sdk.ErrNotReady
	}
	if !p.ready(d.config) {
		p.learn(values, w.End)
		return p.report(w), sdk.ErrNotReady
	}
	p.judge(values, w.End, d.config)
	out := d.alarm(p, w)
	if w.Reason == sdk.ReasonHistory {
		out = append(out, p.scored(w))
	}
	return out, nil
}

// Train learns rows and, with what was learnt, how unusual they were.
func (d *Detector) Train(_ context.Context, history []sdk.Window) error {
	if d.config.Rank {
		d.trainRank(history)
		return nil
	}
	type learnt struct {
		p      *profile
		values []float64
	}
	var rows []learnt
	for _, w := range history {
		p := d.profile(w.Component)
		d.note(w.Links)
		if values, whole := p.gather(w, d.config); whole {
			p.learn(values, w.End)
			rows = append(rows, learnt{p, values})
		}
	}
	for _, p := range d.profiles {
		p.trust()
	}
	for _, r := range rows {
		r.p.calibrate(r.values)
	}
	return nil
}

func (d *Detector) profile(component string) *profile {
	p := d.profiles[component]
	if p == nil {
		p = newProfile(component, d.config)
		d.profiles[component] = p
	}
	return p
}

// maxCalls bounds what is remembered of who calls whom.
const maxCalls = 10_000

func (d *Detector) note(links []sdk.Link) {
	for _, l := range links {
		if len(d.calls) < maxCalls {
			d.calls[rootcause.Call{From: l.From, To: l.To}] = true
		}
	}
}

// Explain says what is known of a component.
func (d *Detector) Explain(_ context.Context, component string) (string, error) {
	p := d.profiles[component]
	if p == nil {
		return fmt.Sprintf("nothing has been seen of %s yet", component), nil
	}
	return p.explain(d.config), nil
}
