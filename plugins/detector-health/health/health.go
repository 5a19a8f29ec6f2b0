// Package health is the algorithm of the health detector: plain rules over
// events, probe verdicts and signals, without learning apart from how much CPU
// a component usually wants.
//
// It owns the rules and their memory. It sees only windows. Missing data is
// inconclusive: it neither begins nor ends an anomaly. Every anomaly is ended
// explicitly. A Detector is used from one goroutine, as the sdk promises.
package health

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Config is the plugin's table.
type Config struct {
	Thresholds []Threshold `homeostat:"thresholds" doc:"Limits of signals; the first that names a component and signal replaces a default for the same."`
	Defaults   bool        `homeostat:"defaults,default=true" doc:"Whether the built-in limits hold too: host memory and disks, pressure, error bursts in logs."`
	Spin       Spin        `homeostat:"spin" doc:"When a component wants far more CPU than it usually does."`
}

// Threshold is a limit of one signal.
type Threshold struct {
	Component string        `homeostat:"component,default=*" doc:"The component, or * for all but the host."`
	Signal    string        `homeostat:"signal,required" doc:"The signal; a * at the end stands for any rest. Of counters the growth per second counts."`
	Above     float64       `homeostat:"above,default=1e300" doc:"Report values above this. The default is never."`
	Below     float64       `homeostat:"below,default=-1e300" doc:"Report values below this. The default is never."`
	For       time.Duration `homeostat:"for,default=10s,min=0s,max=24h" doc:"How long the value must be beyond the limit without a break."`
	Clear     float64       `homeostat:"clear,default=1e300" doc:"The anomaly ends when the value is back at this. The default is the limit itself."`
	Severity  sdk.Severity  `homeostat:"severity,default=low" doc:"How bad it is: low, medium, high or critical. From medium on, the restart strategy acts."`
	// Kind is the kind of the anomaly; only the built-in limits set it.
	Kind string `homeostat:"kind,default=threshold,choices=threshold|saturation" doc:"The kind of the anomaly."`
}

// unset is the bound that no measurement reaches.
const unset = 1e300

// Detector holds what has to be remembered between windows. Use New.
type Detector struct {
	config     Config
	thresholds []Threshold
	memory     memory
}

// memory is saved with the plugin's state.
type memory struct {
	// Open are the anomalies that were reported and not ended, by component and
	// key.
	Open map[string]map[string]sdk.Anomaly `json:"open"`
	// Limits are where each watched signal stands with its threshold.
	Limits map[string]limitState `json:"limits"`
	// Usual is what each component usually wants of the CPU.
	Usual map[string]usual `json:"usual"`
}

func emptyMemory() memory {
	return memory{Open: map[string]map[string]sdk.Anomaly{}, Limits: map[string]limitState{}, Usual: map[string]usual{}}
}

// New returns the detector.
func New(c Config, _ sdk.Env) (sdk.Detector, error) {
	for i, t := range c.Thresholds {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("thresholds[%d] (%s of %s): %w", i, t.Signal, t.Component, err)
		}
	}
	d := &Detector{config: c, memory: emptyMemory(), thresholds: slices.Clone(c.Thresholds)}
	if c.Defaults {
		d.thresholds = append(d.thresholds, defaults()...)
	}
	return d, nil
}

// openTTL keeps an anomaly that is reported with every window from running out
// while a plugin is restarted; its end is reported explicitly.
const openTTL = time.Hour

// judgement collects what one window changes.
type judgement struct {
	d     *Detector
	w     sdk.Window
	open  map[string]sdk.Anomaly
	ended []sdk.Anomaly
}

// Detect judges one window: what happened first, then the state at its end,
// then the signals. It reports every open anomaly of the component again.
func (d *Detector) Detect(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	j := &judgement{d: d, w: w, open: d.memory.Open[w.Component]}
	if j.open == nil {
		j.open = map[string]sdk.Anomaly{}
	}
	if w.Status.State == sdk.StateStopped {
		j.endAll("it is stopped on purpose")
		return j.result(), nil
	}
	for _, e := range w.Events {
		if e.Component == w.Component {
			j.event(e)
		}
	}
	j.status()
	j.signals()
	return j.result(), nil
}

// begin opens an anomaly, or keeps it open with its first start.
func (j *judgement) begin(a sdk.Anomaly) {
	a.Component, a.TTL = j.w.Component, openTTL
	if old, open := j.open[a.Key]; open && a.Kind != sdk.AnomalyExit {
		a.Start = old.Start
	}
	j.open[a.Key] = a
}

func (j *judgement) end(key, why string) {
	a, open := j.open[key]
	if !open {
		return
	}
	delete(j.open, key)
	a.Ended, a.End, a.Summary = true, j.w.End, why
	j.ended = append(j.ended, a)
}

func (j *judgement) endAll(why string) {
	for _, key := range slices.Sorted(maps.Keys(j.open)) {
		j.end(key, why)
	}
}

func (j *judgement) result() []sdk.Anomaly {
	if len(j.open) == 0 {
		delete(j.d.memory.Open, j.w.Component)
		return j.ended
	}
	j.d.memory.Open[j.w.Component] = j.open
	out := j.ended
	for _, key := range slices.Sorted(maps.Keys(j.open)) {
		a := j.open[key]
		a.End = j.w.End
		out = append(out, a)
	}
	return out
}

// SaveState returns the memory as JSON.
func (d *Detector) SaveState() ([]byte, error) { return json.Marshal(d.memory) }

// LoadState takes the memory back.
func (d *Detector) LoadState(state []byte) error {
	var loaded memory
	if err := json.Unmarshal(state, &loaded); err != nil {
		return fmt.Errorf("read the saved memory: %w", err)
	}
	if loaded.Open == nil || loaded.Limits == nil || loaded.Usual == nil {
		return fmt.Errorf("read the saved memory: a part of it is missing")
	}
	d.memory = loaded
	return nil
}
