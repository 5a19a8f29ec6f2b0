// Package news decides what is worth telling a person: it compares what is
// known of an incident, an approval, a change or a detector with what was told
// of it before, and returns the notices between the two.
//
// So what was missed, because the daemon was killed before it could be told, is
// told by the next one, and nothing is told twice. It sends and keeps nothing.
// It is pure: time comes in with the subjects, and values are plain data.
package news

import (
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Kind says what a notice is about. Receivers see it as the type.
type Kind string

// The kinds of notices.
const (
	IncidentOpened     Kind = "incident.opened"
	IncidentRaised     Kind = "incident.severity_raised"
	IncidentHandedOver Kind = "incident.handed_over"
	IncidentResolved   Kind = "incident.resolved"
	ApprovalNeeded     Kind = "approval.needed"
	ApprovalAnswered   Kind = "approval.answered"
	ApprovalExpired    Kind = "approval.expired"
	ChangeRolledBack   Kind = "change.rolled_back"
	ChangeStuck        Kind = "change.stuck"
	SelfUndone         Kind = "self_change.undone"
	DetectorBlind      Kind = "detector.blind"
	DetectorSees       Kind = "detector.seeing"
	Test               Kind = "test"
)

// Value says how much is lost when a notice is dropped, least first.
type Value int

// The values of notices.
const (
	Low      Value = iota // nice to know
	Ordinary              // part of a story that the receiver follows
	High                  // a person has to do something
)

// Value returns what a notice of the kind is worth.
func (k Kind) Value() Value {
	switch k {
	case Test, ApprovalAnswered, IncidentRaised, DetectorSees:
		return Low
	case ApprovalNeeded, IncidentHandedOver, ChangeStuck, SelfUndone:
		return High
	}
	return Ordinary
}

// Notice is one message to a receiver, whatever its format.
type Notice struct {
	// ID is the same in every attempt to deliver it.
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Group names what the notice belongs to; within a group the order is kept.
	Group string    `json:"group"`
	At    time.Time `json:"at"`
	// Component is the one concerned, "host" for the machine or the daemon.
	Component string       `json:"component"`
	Severity  sdk.Severity `json:"severity"`
	// Summary is the notice in one sentence.
	Summary string `json:"summary"`
	// At most one of these says more.
	Incident *Incident `json:"incident,omitempty"`
	Approval *Approval `json:"approval,omitempty"`
	Change   *Change   `json:"change,omitempty"`
	Detector *Detector `json:"detector,omitempty"`
}

// Told is what was told of a subject so far. The zero value is nothing.
type Told struct {
	// State is the subject's last state that was told, in its own words.
	State    string       `json:"state,omitempty"`
	Severity sdk.Severity `json:"severity,omitempty"`
	// HandedOver is when it was last told that a person is needed.
	HandedOver time.Time `json:"handed_over,omitzero"`
	// Over is when the subject ended, zero while it goes on.
	Over time.Time `json:"over,omitzero"`
}

// Subject is something of which there may be news.
type Subject interface {
	// Key names the subject for ever.
	Key() string
	// Over is when it ended, zero while it goes on.
	Over() time.Time
	// News returns what has to be told, in order, and what then was told.
	News(told Told) ([]Notice, Told)
}
