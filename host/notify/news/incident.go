package news

import (
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Incident is what there is to tell of an incident.
type Incident struct {
	ID         string       `json:"id"`
	Component  string       `json:"component"`
	Components []string     `json:"components,omitempty"`
	Severity   sdk.Severity `json:"severity"`
	State      string       `json:"state"`
	Opened     time.Time    `json:"opened"`
	Resolved   time.Time    `json:"resolved,omitzero"`
	// Cause says in a sentence what is held to be the cause.
	Cause string `json:"cause"`
	// Text is the newest line of its history, At the time of that.
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// The states of an incident that make news.
const (
	stateHandedOver = "handed_over"
	stateOpened     = "opened"
	stateResolved   = "resolved"
)

// handOverPause is how long an incident that is handed over again and again, at
// each new piece of evidence, does not call a person anew.
const handOverPause = time.Hour

// Key names the incident.
func (i Incident) Key() string { return "incident/" + i.ID }

// Over is when it was resolved.
func (i Incident) Over() time.Time { return i.Resolved }

// News tells that it opened, got worse, needs a person, is over.
func (i Incident) News(told Told) ([]Notice, Told) {
	var out []Notice
	if told.State == stateResolved && i.Resolved.IsZero() {
		told = Told{HandedOver: told.HandedOver} // it was opened again
	}
	if told.State == stateResolved {
		return nil, told
	}
	switch {
	case told.State == "":
		out = append(out, i.notice(IncidentOpened, i.about()))
	case i.Severity > told.Severity:
		out = append(out, i.notice(IncidentRaised, fmt.Sprintf("%s is %s now: %s", i.Component, i.Severity, i.Cause)))
	}
	told.State, told.Severity = stateOpened, max(told.Severity, i.Severity)
	if i.State == stateHandedOver && i.At.Sub(told.HandedOver) >= handOverPause {
		out = append(out, i.notice(IncidentHandedOver, fmt.Sprintf("%s needs a person: %s", i.Component, i.Text)))
		told.HandedOver = i.At
	}
	if !i.Resolved.IsZero() {
		out = append(out, i.notice(IncidentResolved, fmt.Sprintf("%s is well again: %s", i.Component, i.Text)))
		told.State, told.Over = stateResolved, i.Resolved
	}
	return out, told
}

// about is the cause, with the component in it.
func (i Incident) about() string {
	if strings.HasPrefix(i.Cause, i.Component+" ") {
		return i.Cause
	}
	return i.Component + ": " + i.Cause
}

func (i Incident) notice(kind Kind, summary string) Notice {
	at := i.At
	if kind == IncidentOpened {
		at = i.Opened
	}
	return Notice{Kind: kind, Group: i.Key(), At: at, Component: i.Component, Severity: i.Severity, Summary: summary, Incident: &i}
}
