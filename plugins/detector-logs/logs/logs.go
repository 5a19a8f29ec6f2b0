// Package logs is the algorithm of the log detector. It knows what is trouble in
// any case (package signature) and learns what is usual: which statements a
// component logs (package template), how often, how long, and which of them
// together (package vector). What it finds close together in time, in one
// component or in components joined by a link, is one anomaly with the sequence.
//
// It owns what is unusual and the memory for it. It sees only windows and takes
// the time from them. A stretch in which lines were lost is not judged, and a
// start of the component, a change or a clock step begins a grace in which
// nothing learnt is held against it. A Detector is used from one goroutine, as
// the sdk promises.
package logs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/plugins/detector-logs/burst"
	"github.com/homeostat/homeostat/plugins/detector-logs/signature"
	"github.com/homeostat/homeostat/plugins/detector-logs/template"
	"github.com/homeostat/homeostat/sdk"
)

// Config is the plugin's table.
type Config struct {
	Sets        []string      `homeostat:"sets,default=common|go|java|kernel|nginx|postgres|redis|sshd|systemd" doc:"The shipped sets of signatures to use."`
	Signatures  []Own         `homeostat:"signatures" doc:"Signatures of your own."`
	Sensitivity float64       `homeostat:"sensitivity,default=1,min=0.1,max=10" doc:"How readily unusual lines are reported; 2 reports at half the surprise. Signatures do not depend on it."`
	Warmup      time.Duration `homeostat:"warmup,default=30m,min=0s,max=168h" doc:"How long a component is watched before anything learnt counts as usual."`
	Grace       time.Duration `homeostat:"grace,default=2m,min=0s,max=1h" doc:"How long after a start or a change unusual lines are learnt and not reported."`
	Together    time.Duration `homeostat:"together,default=1m,min=1s,max=1h" doc:"What follows within this time, in a component or one linked to it, belongs together; an anomaly ends when nothing followed for twice as long."`
}

// Own is a signature of the operator.
type Own struct {
	Name      string       `homeostat:"name,required" doc:"A name, unique among the signatures."`
	Pattern   string       `homeostat:"pattern,required" doc:"A regular expression in Go's syntax; use (?i) to ignore the case."`
	Severity  sdk.Severity `homeostat:"severity,default=low" doc:"How bad a match is: low, medium, high or critical. From medium on, the restart strategy acts."`
	Meaning   string       `homeostat:"meaning" doc:"A sentence for people; the default is the name."`
	Component string       `homeostat:"component" doc:"The component that it is for; the default is all."`
}

// Detector holds what was learnt. Use New.
type Detector struct {
	config Config
	log    hclog.Logger
	book   *signature.Book
	miner  *template.Miner
	memory memory
}

// memory is saved with the plugin's state, beside what the miner knows.
type memory struct {
	// Profiles are what is usual, by component.
	Profiles map[string]*profile `json:"profiles"`
	// Bursts are the open anomalies, by the component that they are reported of.
	Bursts map[string]*burst.Burst `json:"bursts"`
	// Distrust counts how often an operator called a finding wrong more often
	// than right, by component and key.
	Distrust map[string]int `json:"distrust"`
}

func emptyMemory() memory {
	return memory{Profiles: map[string]*profile{}, Bursts: map[string]*burst.Burst{}, Distrust: map[string]int{}}
}

// New returns the detector.
func New(c Config, env sdk.Env) (sdk.Detector, error) {
	list, err := signature.Shipped(c.Sets)
	if err != nil {
		return nil, fmt.Errorf("sets%w", err)
	}
	shipped := len(list)
	for i, own := range c.Signatures {
		if own.Severity == sdk.SeverityUnknown {
			return nil, fmt.Errorf("signatures[%d].severity: want low, medium, high or critical", i)
		}
		if own.Meaning == "" {
			own.Meaning = own.Name
		}
		list = append(list, signature.Signature{Name: own.Name, Pattern: own.Pattern, Severity: own.Severity, Meaning: own.Meaning, Component: own.Component})
	}
	book, err := signature.New(list)
	var bad *signature.Error
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("signatures[%d].%s %s", bad.Index-shipped, bad.Key, bad.Text)
	}
	d := &Detector{config: c, log: env.Log, book: book, miner: template.New(), memory: emptyMemory()}
	if d.log == nil {
		d.log = hclog.NewNullLogger()
	}
	return d, nil
}

// judgement collects what one window brings.
type judgement struct {
	d *Detector
	w sdk.Window
	p *profile
	// touched are the bursts that this window belongs to.
	touched map[string]bool
	// lines are the answers to the lines of a window of history.
	lines []sdk.Anomaly
}

// Detect takes in the events of a window, then its lines, then the minutes that
// passed, and reports what is open for the component. In a window of history it
// answers each line with its template and score as well.
func (d *Detector) Detect(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	j := &judgement{d: d, w: w, p: d.profileOf(w), touched: map[string]bool{}}
	for _, e := range w.Events {
		if e.Component == w.Component {
			j.event(e)
		}
	}
	for _, l := range w.Logs {
		if l.Component == w.Component || l.Component == "" {
			j.line(l)
		}
	}
	j.advance(w.End)
	j.silence()
	j.settle()
	return append(j.report(), j.lines...), nil
}

// Train takes history in without judging it.
func (d *Detector) Train(ctx context.Context, history []sdk.Window) error {
	for _, w := range history {
		if err := ctx.Err(); err != nil {
			return err
		}
		j := &judgement{d: d, w: w, p: d.profileOf(w), touched: map[string]bool{}}
		for _, l := range w.Logs {
			if l.Component == w.Component || l.Component == "" {
				j.line(l)
			}
		}
		j.advance(w.End)
		delete(d.memory.Bursts, w.Component)
	}
	return nil
}

// maxComponents bounds how many components are remembered.
const maxComponents = 256

// profileOf returns what is usual for the window's component. When there are too
// many, the one that was not seen for longest is forgotten.
func (d *Detector) profileOf(w sdk.Window) *profile {
	p := d.memory.Profiles[w.Component]
	if p == nil {
		d.makeRoom()
		p = newProfile(w.End)
		d.memory.Profiles[w.Component] = p
	}
	p.SeenAt = w.End
	return p
}

func (d *Detector) makeRoom() {
	if len(d.memory.Profiles) < maxComponents {
		return
	}
	oldest := ""
	for name, p := range d.memory.Profiles {
		if q := d.memory.Profiles[oldest]; q == nil || p.SeenAt.Before(q.SeenAt) || p.SeenAt.Equal(q.SeenAt) && name < oldest {
			oldest = name
		}
	}
	delete(d.memory.Profiles, oldest)
	delete(d.memory.Bursts, oldest)
}

// event takes in what happened to the component.
func (j *judgement) event(e sdk.Event) {
	switch e.Type {
	case sdk.EventStarted, sdk.EventAdopted, sdk.EventReady, sdk.EventChange, sdk.EventStopping, sdk.EventExited, sdk.EventSuppressed, sdk.EventMaintenance:
		j.p.grace(e.Time.Add(j.d.config.Grace))
	case sdk.EventGap, sdk.EventClockStep:
		j.p.skip(j.w.End)
	}
}

// quote shortens a line for a sentence.
func quote(line string) string {
	const long = 160
	line = strings.ToValidUTF8(strings.Join(strings.Fields(line[:min(len(line), 4*long)]), " "), "\uFFFD")
	if len(line) > long {
		line = strings.ToValidUTF8(line[:long], "") + "…"
	}
	return fmt.Sprintf("%q", line)
}
