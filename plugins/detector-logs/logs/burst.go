package logs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// finding is one unusual thing.
type finding struct {
	At        time.Time    `json:"at"`
	Component string       `json:"component"`
	Key       string       `json:"key"`
	Kind      string       `json:"kind"`
	Severity  sdk.Severity `json:"severity"`
	Score     float64      `json:"score"`
	// Excess is how many times its limit it reaches.
	Excess float64 `json:"excess"`
	Text   string  `json:"text"`
	// Times counts how often it was found, Last when.
	Times    int          `json:"times"`
	Last     time.Time    `json:"last"`
	Evidence sdk.Evidence `json:"evidence"`
}

// maxParts bounds how many different findings a burst holds.
const maxParts = 12

// burst are findings close together, which are one anomaly. Its key is that of
// the first.
type burst struct {
	Start time.Time `json:"start"`
	Last  time.Time `json:"last"`
	Parts []finding `json:"parts"`
	// More counts findings that Parts has no room for.
	More int `json:"more,omitempty"`
}

// find puts a finding where it belongs, unless the operator called its like
// wrong.
func (j *judgement) find(f finding) {
	f.Component, f.Last, f.Times = j.w.Component, f.At, 1
	if wrong := j.d.memory.Distrust[f.Component+"/"+f.Key]; wrong > 0 && f.Excess < float64(int(1)<<min(wrong, maxDistrust)) {
		return
	}
	home := j.home(f.At)
	b := j.d.memory.Bursts[home]
	if b == nil {
		b = &burst{Start: f.At, Last: f.At}
		j.d.memory.Bursts[home] = b
	}
	j.touched[home] = true
	b.add(f)
}

func (b *burst) add(f finding) {
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
			if f.Kind == KindRate {
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

// home returns the component whose burst a finding at that time belongs to: its
// own where one is open, else one that is linked to it and has a burst close in
// time, else its own, new.
func (j *judgement) home(at time.Time) string {
	own := j.w.Component
	if j.d.memory.Bursts[own] != nil {
		return own
	}
	var linked []string
	for _, l := range j.w.Links {
		switch own {
		case l.From:
			linked = append(linked, l.To)
		case l.To:
			linked = append(linked, l.From)
		}
	}
	slices.Sort(linked)
	for _, name := range linked {
		b := j.d.memory.Bursts[name]
		if b != nil && at.Sub(b.Last) <= j.d.config.Together && b.Start.Sub(at) <= j.d.config.Together {
			return name
		}
	}
	return own
}

// openTTL keeps an anomaly from running out while the plugin is restarted; its
// end is reported explicitly.
const openTTL = time.Hour

// report returns the open anomalies that this window is about, and ends those
// that nothing was added to for long.
func (j *judgement) report() []sdk.Anomaly {
	own := j.w.Component
	bursts := j.d.memory.Bursts
	var out []sdk.Anomaly
	if b := bursts[own]; b != nil {
		a := b.anomaly(own)
		if over := j.w.End.Sub(b.Last) > 2*j.d.config.Together; over || j.w.Status.State == sdk.StateStopped {
			a.Ended, a.End = true, j.w.End
			delete(bursts, own)
		}
		out = append(out, a)
	}
	for _, name := range sortedKeys(j.touched) {
		if name != own {
			out = append(out, bursts[name].anomaly(name))
		}
	}
	return out
}

// anomaly tells the burst as one anomaly of the component.
func (b *burst) anomaly(component string) sdk.Anomaly {
	first := b.Parts[0]
	a := sdk.Anomaly{Component: component, Key: first.Key, Kind: first.Kind, Start: b.Start, End: b.Last, TTL: openTTL}
	parts := slices.Clone(b.Parts)
	slices.SortStableFunc(parts, func(x, y finding) int { return x.At.Compare(y.At) })
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

func times(f finding) string {
	if f.Times == 1 {
		return ""
	}
	return fmt.Sprintf(" (%d times until %s)", f.Times, f.Last.Format(time.TimeOnly))
}

// sequence tells the parts in the order of time.
func (b *burst) sequence(parts []finding) string {
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
