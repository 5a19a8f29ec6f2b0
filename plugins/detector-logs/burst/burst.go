// Package burst joins findings that are close together in time into one anomaly
// that tells their sequence.
//
// It owns how findings are gathered and told, not which belong together. A Burst
// is plain data, used from one goroutine.
package burst

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Finding is one unusual thing.
type Finding struct {
	// At is when it was found first, Component where, Key what exactly and Kind of
	// what sort it is.
	At        time.Time `json:"at"`
	Component string    `json:"component"`
	Key       string    `json:"key"`
	Kind      string    `json:"kind"`
	// Severity and Score are those of the anomaly that it alone would be.
	Severity sdk.Severity `json:"severity"`
	Score    float64      `json:"score"`
	// Excess is how many times its limit it reaches.
	Excess float64 `json:"excess"`
	// Text says it in numbers, for a person.
	Text string `json:"text"`
	// Renews reports that a later finding's text replaces this one's.
	Renews bool `json:"renews,omitempty"`
	// Times counts how often it was found, Last when.
	Times int       `json:"times"`
	Last  time.Time `json:"last"`
	// Evidence is the number behind the text; component, signal and text are
	// filled in.
	Evidence sdk.Evidence `json:"evidence"`
}

// KindSequence is the kind of an anomaly with several different findings.
const KindSequence = "log_sequence"

// maxParts bounds how many different findings a burst holds.
const maxParts = 12

// Burst are findings close together, which are one anomaly. Its key is that of
// the first.
type Burst struct {
	// Start is the time of the first finding, Last of the last.
	Start time.Time `json:"start"`
	Last  time.Time `json:"last"`
	// Parts are the different findings in the order in which they came.
	Parts []Finding `json:"parts"`
	// More counts findings that Parts has no room for.
	More int `json:"more,omitempty"`
}

// Add puts a finding in; one with the key of another is counted with it.
func (b *Burst) Add(f Finding) {
	if f.At.After(b.Last) {
		b.Last = f.At
	}
	if f.At.Before(b.Start) {
		b.Start = f.At
	}
	for i := range b.Parts {
		if p := &b.Parts[i]; p.Key == f.Key && p.Component == f.Component {
			p.Times++
			p.Last, p.Score, p.Severity = f.At, max(p.Score, f.Score), max(p.Severity, f.Severity)
			if f.Renews {
				p.Text, p.Evidence = f.Text, f.Evidence
			}
			return
		}
	}
	if len(b.Parts) >= maxParts {
		b.More++
		return
	}
	b.Parts = append(b.Parts, f)
}

// OpenTTL keeps an anomaly from running out while the plugin is restarted; its
// end is reported explicitly.
const OpenTTL = time.Hour

// Anomaly tells the burst as one anomaly of the component.
func (b *Burst) Anomaly(component string) sdk.Anomaly {
	first := b.Parts[0]
	a := sdk.Anomaly{Component: component, Key: first.Key, Kind: first.Kind, Start: b.Start, End: b.Last, TTL: OpenTTL}
	parts := slices.Clone(b.Parts)
	slices.SortStableFunc(parts, func(x, y Finding) int { return x.At.Compare(y.At) })
	for _, p := range parts {
		a.Severity, a.Score = max(a.Severity, p.Severity), max(a.Score, p.Score)
		e := p.Evidence
		e.Component, e.Signal, e.Text = p.Component, p.Key, p.Text
		a.Evidence = append(a.Evidence, e)
	}
	a.Summary = component + ": " + first.Text + times(first)
	if len(parts) > 1 {
		a.Kind, a.Summary = KindSequence, b.sequence(parts)
	}
	if len(a.Summary) > sdk.MaxText {
		a.Summary = strings.ToValidUTF8(a.Summary[:sdk.MaxText-len("…")], "") + "…"
	}
	return a
}

func times(f Finding) string {
	if f.Times == 1 {
		return ""
	}
	return fmt.Sprintf(" (%d times until %s)", f.Times, f.Last.Format(time.TimeOnly))
}

// sequence tells the parts in the order of time.
func (b *Burst) sequence(parts []Finding) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d unusual things in the logs within %s", len(parts)+b.More, max(time.Second, b.Last.Sub(b.Start).Round(time.Second)))
	for i, p := range parts {
		separator := "; "
		if i == 0 {
			separator = ": "
		}
		fmt.Fprintf(&s, "%s%s %s: %s%s", separator, p.At.Format(time.TimeOnly), p.Component, p.Text, times(p))
	}
	if b.More > 0 {
		fmt.Fprintf(&s, "; and %d more", b.More)
	}
	return s.String()
}
