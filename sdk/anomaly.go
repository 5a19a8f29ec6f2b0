package sdk

import (
	"fmt"
	"math"
	"time"
)

// Anomaly is a fact that a detector reports about a component.
//
// An anomaly is open from its first report until the detector reports it again
// with Ended set, or until TTL passes without a further report. Reports with
// the same detector, Component and Key are one anomaly.
type Anomaly struct {
	// Component is the one that is anomalous; empty means the window's.
	Component string `json:"component"`
	// Key identifies the condition within its detector and component, for
	// example "probe/http/1" or "above/rss_bytes"; empty means Kind and Signal.
	Key string `json:"key"`
	// Kind groups conditions, for example "exit", "probe", "threshold".
	Kind string `json:"kind"`
	// Signal is the signal concerned, empty where none is.
	Signal string `json:"signal,omitempty"`
	// Severity is the detector's proposal; the host may raise it.
	Severity Severity `json:"severity"`
	// Score is how unusual this is, from 0 (usual) to 1.
	Score float64 `json:"score"`
	// Start is when the condition began, End the last time it was seen. Both
	// default to the window's end.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// Ended reports that the condition is over.
	Ended bool `json:"ended,omitempty"`
	// TTL is how long the report stands without a further one; zero means three
	// detection intervals.
	TTL time.Duration `json:"ttl_ns,omitempty"`
	// Summary explains the anomaly in one sentence with numbers, for a person.
	Summary string `json:"summary"`
	// Evidence are the numbers behind the sentence.
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Evidence is one number that supports an anomaly.
type Evidence struct {
	Component string  `json:"component,omitempty"`
	Signal    string  `json:"signal"`
	Value     float64 `json:"value"`
	// Low and High bound what is usual or allowed.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	Unit string  `json:"unit,omitempty"`
	Text string  `json:"text,omitempty"`
}

// Kinds of anomalies that the first-party detectors report and the first-party
// strategies know.
const (
	AnomalyExit         = "exit"           // the process is gone
	AnomalyProbe        = "probe"          // a probe fails
	AnomalyThreshold    = "threshold"      // a signal is beyond a declared limit
	AnomalySaturation   = "saturation"     // a resource is under pressure
	AnomalyCouldNotStop = "could_not_stop" // a process survived the stop ladder
	AnomalyBlind        = "blind"          // a detector gave no answer
	AnomalyAlert        = "alert"          // monitoring outside of the host reports it
)

// SignalDown is the signal of an anomaly of kind alert that says that its
// component is down, and does not merely hint at trouble.
const SignalDown = "down"

// AnomalyScore is the kind of an answer to a window of history that is no
// anomaly: its Score, from 0 to 1, says how unusual the newest row (or the line
// whose time is Start) was, whether or not it is worth a report. It is sent with
// Ended set and never opens anything.
const AnomalyScore = "score"

// ID returns the key under which reports of one detector belong together.
func (a Anomaly) ID() string {
	if a.Key != "" {
		return a.Component + "/" + a.Key
	}
	return a.Component + "/" + a.Kind + "/" + a.Signal
}

// Limits on what one detector may answer to one window.
const (
	MaxAnomalies  = 1000
	MaxText       = 4096
	MaxEvidence   = 64
	MaxNameLength = 256
)

// Validate reports the first rule that the anomaly breaks.
func (a Anomaly) Validate() error {
	switch {
	case a.Component == "":
		return fmt.Errorf("anomaly %q: component is empty", a.Key)
	case a.Kind == "":
		return fmt.Errorf("anomaly of %s: kind is empty", a.Component)
	case len(a.Component)+len(a.Key)+len(a.Kind)+len(a.Signal) > 4*MaxNameLength:
		return fmt.Errorf("anomaly of %.40s: names longer than %d bytes", a.Component, 4*MaxNameLength)
	case len(a.Summary) > MaxText:
		return fmt.Errorf("anomaly %s: summary of %d bytes, at most %d are allowed", a.ID(), len(a.Summary), MaxText)
	case len(a.Evidence) > MaxEvidence:
		return fmt.Errorf("anomaly %s: %d pieces of evidence, at most %d are allowed", a.ID(), len(a.Evidence), MaxEvidence)
	case a.Severity > SeverityCritical:
		return fmt.Errorf("anomaly %s: severity %d is none of the four", a.ID(), a.Severity)
	case !(a.Score >= 0 && a.Score <= 1):
		return fmt.Errorf("anomaly %s: score %v is outside 0 to 1", a.ID(), a.Score)
	case a.TTL < 0:
		return fmt.Errorf("anomaly %s: ttl %v is negative", a.ID(), a.TTL)
	}
	for _, e := range a.Evidence {
		if !finite(e.Value) || !finite(e.Low) || !finite(e.High) {
			return fmt.Errorf("anomaly %s: evidence %q holds a number that is not finite", a.ID(), e.Signal)
		}
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// WithDefaults fills what a detector may leave out of an anomaly that it found
// in w: component, severity, start and end.
func (a Anomaly) WithDefaults(w Window) Anomaly {
	if a.Component == "" {
		a.Component = w.Component
	}
	if a.Severity == SeverityUnknown {
		a.Severity = SeverityLow
	}
	if a.Start.IsZero() {
		a.Start = w.End
	}
	if a.End.IsZero() {
		a.End = w.End
	}
	return a
}

// Mark is an operator's judgement of an anomaly.
type Mark struct {
	Anomaly Anomaly `json:"anomaly"`
	// Right is false for a false alarm.
	Right bool      `json:"right"`
	At    time.Time `json:"at"`
}
