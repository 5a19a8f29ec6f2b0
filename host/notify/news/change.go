package news

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Change is what there is to tell of a change of files.
type Change struct {
	ID        string   `json:"id"`
	Root      string   `json:"root"`
	Component string   `json:"component,omitempty"`
	Author    string   `json:"author"`
	Files     []string `json:"files,omitempty"`
	// State is the change's own word: kept, rolled_back, stuck and so on.
	State string    `json:"state"`
	Why   string    `json:"why"`
	Ended time.Time `json:"ended,omitzero"`
}

// selfRoot is the root that stands for the daemon itself.
const selfRoot = "self"

// Key names the change.
func (c Change) Key() string { return "change/" + c.ID }

// Over is when it ended.
func (c Change) Over() time.Time { return c.Ended }

// News tells that it was undone, or that undoing it did not work.
func (c Change) News(told Told) ([]Notice, Told) {
	if c.Ended.IsZero() || told.State == c.State {
		return nil, told
	}
	n := Notice{Group: c.Key(), At: c.Ended, Component: c.Component, Severity: sdk.SeverityMedium, Change: &c}
	if n.Component == "" {
		n.Component = sdk.HostComponent
	}
	told = Told{State: c.State, Over: c.Ended}
	switch {
	case c.State == "stuck":
		n.Kind, n.Severity = ChangeStuck, sdk.SeverityHigh
		n.Summary = fmt.Sprintf("%s: %s could not be undone, a person has to look: %s", c.Root, c.ID, c.Why)
	case c.State != "rolled_back":
		return nil, told
	case c.Root == selfRoot:
		n.Kind = SelfUndone
		n.Summary = fmt.Sprintf("homeostat undid a change of itself (%s): %s", c.ID, c.Why)
	default:
		n.Kind = ChangeRolledBack
		n.Summary = fmt.Sprintf("%s: %s (%s) was rolled back: %s", c.Root, c.ID, list(c.Files), c.Why)
	}
	return []Notice{n}, told
}

// Detector is what there is to tell of a detector's sight.
type Detector struct {
	Name string `json:"name"`
	// Blind says that it gives no answer.
	Blind bool      `json:"blind"`
	Text  string    `json:"text,omitempty"`
	At    time.Time `json:"at"`
}

// Key names the detector.
func (d Detector) Key() string { return "detector/" + d.Name }

// Over is when it saw again.
func (d Detector) Over() time.Time {
	if d.Blind {
		return time.Time{}
	}
	return d.At
}

// stateBlind is what was told of a detector that does not see.
const stateBlind = "blind"

// News tells that it went blind, and that it sees again.
func (d Detector) News(told Told) ([]Notice, Told) {
	n := Notice{Group: d.Key(), At: d.At, Component: sdk.HostComponent, Severity: sdk.SeverityLow, Detector: &d}
	switch {
	case d.Blind && told.State != stateBlind:
		n.Kind, n.Summary = DetectorBlind, fmt.Sprintf("detector %s gives no answer: %s", d.Name, d.Text)
		return []Notice{n}, Told{State: stateBlind}
	case !d.Blind && told.State == stateBlind:
		n.Kind, n.Summary = DetectorSees, fmt.Sprintf("detector %s answers again", d.Name)
		return []Notice{n}, Told{State: "seeing", Over: d.At}
	}
	return nil, told
}
