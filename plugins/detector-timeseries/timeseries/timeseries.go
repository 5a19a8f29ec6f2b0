// Package timeseries is the algorithm of the time-series detector: it feeds each
// signal of a component to package score, all of them together to package
// iforest, and what fills up to package forecast, and says in words what stands
// out.
//
// It owns the intake (steps, counters, gaps, restarts), the life of anomalies,
// the wording and the saved state. It sees only windows and takes its time from
// them. Missing data is inconclusive: it neither begins nor ends an anomaly. A
// Detector is used from one goroutine, as the sdk promises.
package timeseries

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-timeseries/score"
	"github.com/homeostat/homeostat/sdk"
)

// Config is the plugin's table.
type Config struct {
	Sensitivity float64       `homeostat:"sensitivity,default=0.7,min=0.1,max=10" doc:"How easily a signal is called unusual: 1 is the best threshold of a benchmark, the default is quieter, twice the number halves what is needed."`
	Step        time.Duration `homeostat:"step,default=10s,min=1s,max=1h" doc:"Samples are averaged over this. Rows that are further apart are taken as they are."`
	WarmUp      time.Duration `homeostat:"warm_up,default=24h,min=0s,max=168h" doc:"How long a signal is learnt before it can be unusual."`
	Horizon     time.Duration `homeostat:"horizon,default=24h,min=10m,max=168h" doc:"How far ahead a limit that will be reached is reported."`
	Vector      bool          `homeostat:"vector,default=true" doc:"Whether a component's signals are also judged together."`
	Ignore      []string      `homeostat:"ignore" doc:"Signals to leave alone; a * stands for any text without a slash."`
}

// Detector holds what was learnt. Use New.
type Detector struct {
	config     Config
	seed       uint64
	components map[string]*component
}

// component is what is known of one component.
type component struct {
	signals map[string]*signal
	vector  vector
	// generation counts the starts that were seen.
	generation uint64
	// quietUntil ends the time after a restart, a clock step or a gap in which
	// nothing is reported.
	quietUntil int64
	// suppressed is set while the host suppresses or maintains.
	suppressed bool
	// open are the anomalies that were reported and not ended, by key.
	open map[string]sdk.Anomaly
	// marks is what operators said of each pattern, by the key of its anomalies:
	// each wrong one raises it by one, each right one lowers it.
	marks map[string]int
}

// New returns the detector.
func New(c Config, env sdk.Env) (sdk.Detector, error) {
	for _, pattern := range c.Ignore {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, fmt.Errorf("ignore: %q is no pattern: %w", pattern, err)
		}
	}
	return &Detector{config: c, seed: env.Seed, components: map[string]*component{}}, nil
}

func (d *Detector) component(name string) *component {
	c := d.components[name]
	if c == nil {
		c = &component{signals: map[string]*signal{}, open: map[string]sdk.Anomaly{}, marks: map[string]int{}}
		d.components[name] = c
	}
	return c
}

// openTTL keeps an anomaly that is reported with every window from running out
// while a plugin is restarted; its end is reported explicitly.
const openTTL = time.Hour

// judgement is what one window adds.
type judgement struct {
	d     *Detector
	c     *component
	w     sdk.Window
	ended []sdk.Anomaly
	now   int64 // of the step that is judged, Unix milliseconds
}

// Detect learns from the fresh samples of the window's own component and reports
// every open anomaly of it. It answers sdk.ErrNotReady while nothing of the
// component has been learnt for long enough.
func (d *Detector) Detect(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	j := &judgement{d: d, c: d.component(w.Component), w: w, now: w.End.UnixMilli()}
	j.events()
	learning, longest := 0, time.Duration(0)
	for _, s := range w.Series {
		if s.Component != w.Component || d.ignored(s.Name) {
			continue
		}
		known := j.series(s)
		learning++
		longest = max(longest, known)
	}
	j.together()
	out := j.result()
	if w.Reason == sdk.ReasonHistory && learning > 0 {
		return append(out, j.scored()), nil
	}
	if learning > 0 && longest < d.config.WarmUp && len(out) == 0 {
		return nil, fmt.Errorf("learning, %s of %s: %w", span(longest), span(d.config.WarmUp), sdk.ErrNotReady)
	}
	return out, nil
}

// scored answers a window of history with how unusual the newest steps were,
// also while learning.
func (j *judgement) scored() sdk.Anomaly {
	a := sdk.Anomaly{Component: j.w.Component, Key: sdk.AnomalyScore, Kind: sdk.AnomalyScore, Ended: true, Score: j.c.vector.Level}
	for _, name := range sortedNames(j.c.signals) {
		if s := j.c.signals[name]; s.Level > a.Score {
			a.Score, a.Signal = s.Level, name
		}
	}
	return a
}

// Train learns from history as Detect does and reports nothing.
func (d *Detector) Train(ctx context.Context, history []sdk.Window) error {
	for _, w := range history {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := d.Detect(ctx, w); err != nil {
			continue // learning is what training is for
		}
		clear(d.component(w.Component).open)
	}
	return nil
}

func (d *Detector) ignored(name string) bool {
	return slices.ContainsFunc(d.config.Ignore, func(pattern string) bool {
		match, _ := path.Match(pattern, name)
		return match
	})
}

// events opens and closes the times in which nothing is reported.
func (j *judgement) events() {
	if g := j.w.Status.Generation; g != j.c.generation {
		if j.c.generation != 0 {
			j.quiet(j.now)
		}
		j.c.generation = g
	}
	for _, e := range j.w.Events {
		if e.Component != j.w.Component && e.Component != "" && e.Type != sdk.EventClockStep {
			continue
		}
		switch e.Type {
		case sdk.EventStarted, sdk.EventAdopted, sdk.EventReady, sdk.EventExited, sdk.EventStopping, sdk.EventStopped,
			sdk.EventAction, sdk.EventClockStep, sdk.EventGap:
			j.quiet(e.Time.UnixMilli())
		case sdk.EventSuppressed, sdk.EventMaintenance:
			j.c.suppressed = true
		case sdk.EventSuppressedEnd, sdk.EventMaintainEnd:
			j.c.suppressed = false
			j.quiet(e.Time.UnixMilli())
		}
	}
}

// quiet reports nothing for as many steps as the longest of the shapes that
// package score compares row by row, so that what broke off is out of it.
func (j *judgement) quiet(from int64) {
	const steps = 18
	j.c.quietUntil = max(j.c.quietUntil, from+steps*j.d.config.Step.Milliseconds())
}

func (j *judgement) mayReport() bool { return !j.c.suppressed && j.now >= j.c.quietUntil }

func (j *judgement) threshold(pattern string) float64 {
	return score.Threshold / (j.d.config.Sensitivity * j.c.sensitivity(pattern))
}

// begin opens an anomaly under a key of the component, or renews it and keeps its
// start and its worst.
func (j *judgement) begin(key string, a sdk.Anomaly) {
	a.Component, a.TTL = j.w.Component, openTTL
	if old, open := j.c.open[key]; open {
		// What it was first reported as is how it is known to people and their marks.
		a.Start, a.Key = old.Start, old.Key
		a.Score, a.Severity = max(a.Score, old.Score), max(a.Severity, old.Severity)
	}
	j.c.open[key] = a
}

func (j *judgement) end(key, why string) {
	a, open := j.c.open[key]
	if !open {
		return
	}
	delete(j.c.open, key)
	a.Ended, a.End, a.Summary = true, time.UnixMilli(j.now).UTC(), why
	j.ended = append(j.ended, a)
}

func (j *judgement) result() []sdk.Anomaly {
	out := j.ended
	for _, key := range slices.Sorted(maps.Keys(j.c.open)) {
		a := j.c.open[key]
		a.End = j.w.End
		out = append(out, a)
	}
	return out
}
