package logs

import (
	"slices"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-logs/burst"
	"github.com/homeostat/homeostat/sdk"
)

// find puts a finding where it belongs, unless the operator called its like
// wrong.
func (j *judgement) find(f burst.Finding) {
	f.Component, f.Last, f.Times = j.w.Component, f.At, 1
	if wrong := j.d.memory.Distrust[f.Component+"/"+f.Key]; wrong > 0 && f.Excess < float64(int(1)<<min(wrong, maxDistrust)) {
		return
	}
	home := j.home(f.At)
	b := j.d.memory.Bursts[home]
	if b == nil {
		b = &burst.Burst{Start: f.At, Last: f.At}
		j.d.memory.Bursts[home] = b
	}
	j.touched[home] = true
	b.Add(f)
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

// report returns the open anomalies that this window is about, and ends those
// that nothing was added to for long.
func (j *judgement) report() []sdk.Anomaly {
	own := j.w.Component
	bursts := j.d.memory.Bursts
	var out []sdk.Anomaly
	if b := bursts[own]; b != nil {
		a := b.Anomaly(own)
		if over := j.w.End.Sub(b.Last) > 2*j.d.config.Together; over || j.w.Status.State == sdk.StateStopped {
			a.Ended, a.End = true, j.w.End
			delete(bursts, own)
		}
		out = append(out, a)
	}
	for _, name := range sortedKeys(j.touched) {
		if name != own {
			out = append(out, bursts[name].Anomaly(name))
		}
	}
	return out
}
