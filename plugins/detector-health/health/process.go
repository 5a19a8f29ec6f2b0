package health

import (
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Keys of the anomalies that a component has at most once.
const (
	keyExit         = "exit"
	keyCouldNotStop = "could_not_stop"
	keyProbe        = "probe/"
)

// event takes in what happened to the component.
func (j *judgement) event(e sdk.Event) {
	switch e.Type {
	case sdk.EventExited:
		if e.Exit == nil || !e.Exit.Expected {
			j.gone(e.Time, exitText(j.w.Component, e.Exit))
		}
	case sdk.EventReady:
		j.end(keyExit, j.w.Component+" runs again and answers")
		j.end(keyCouldNotStop, j.w.Component+" runs again and answers")
	case sdk.EventCouldNotStop:
		j.begin(sdk.Anomaly{
			Key: keyCouldNotStop, Kind: sdk.AnomalyCouldNotStop, Severity: sdk.SeverityHigh, Score: 1, Start: e.Time,
			Summary: strings.TrimSuffix(j.w.Component+" could not be stopped: "+e.Text, ": "),
		})
	case sdk.EventProbe:
		if e.Probe != nil {
			j.probe(*e.Probe, e.Time)
		}
	}
}

func (j *judgement) gone(at time.Time, text string) {
	j.begin(sdk.Anomaly{
		Key: keyExit, Kind: sdk.AnomalyExit, Severity: sdk.SeverityMedium, Score: 1, Start: at, Summary: text,
	})
}

func exitText(component string, exit *sdk.Exit) string {
	switch {
	case exit == nil:
		return component + " is gone"
	case exit.Signal != "":
		return fmt.Sprintf("%s was ended by %s", component, exit.Signal)
	case exit.Code >= 0:
		return fmt.Sprintf("%s ended by itself with code %d", component, exit.Code)
	}
	return component + " ended by itself, its exit code is not known"
}

// probe takes in a probe's verdict. Inconclusive says nothing.
func (j *judgement) probe(p sdk.ProbeResult, at time.Time) {
	switch p.Verdict {
	case sdk.Fail:
		if !p.Since.IsZero() {
			at = p.Since
		}
		j.begin(sdk.Anomaly{
			Key: keyProbe + p.Name, Kind: sdk.AnomalyProbe, Severity: sdk.SeverityMedium, Score: 1, Start: at,
			Summary: strings.TrimSuffix(fmt.Sprintf("probe %s of %s fails: %s", p.Name, j.w.Component, p.Text), ": "),
		})
	case sdk.Pass:
		j.end(keyProbe+p.Name, fmt.Sprintf("probe %s of %s passes", p.Name, j.w.Component))
		j.end(keyExit, j.w.Component+" runs again and answers")
		j.end(keyCouldNotStop, j.w.Component+" runs again and answers")
	}
}

// status brings the anomalies in line with the state at the window's end, so
// that an event that was lost is made up for.
func (j *judgement) status() {
	s := j.w.Status
	switch s.State {
	case sdk.StateDown:
		if _, known := j.open[keyExit]; !known {
			j.gone(j.since(), exitText(j.w.Component, s.LastExit))
		}
		return // a process that is gone fails its probes: that is no news
	case sdk.StateUp:
		j.end(keyExit, j.w.Component+" runs again")
	}
	present := map[string]bool{}
	for _, p := range s.Probes {
		present[keyProbe+p.Name] = true
		if p.Verdict == sdk.Fail {
			j.probe(p, j.since())
		}
		if _, open := j.open[keyProbe+p.Name]; open && p.Verdict == sdk.Pass {
			j.probe(p, j.w.End)
		}
	}
	j.dropGoneProbes(present)
}

// dropGoneProbes ends what is said of probes that are no longer configured.
func (j *judgement) dropGoneProbes(present map[string]bool) {
	if j.w.Status.State == "" || j.w.Status.State == sdk.StateUnknown {
		return
	}
	for key := range j.open {
		if strings.HasPrefix(key, keyProbe) && !present[key] {
			j.end(key, "the probe is no longer configured")
		}
	}
}

// since is when the present state was entered, the window's end where unknown.
func (j *judgement) since() time.Time {
	if s := j.w.Status.Since; !s.IsZero() && s.Before(j.w.End) {
		return s
	}
	return j.w.End
}
