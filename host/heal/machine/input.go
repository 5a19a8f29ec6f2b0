package machine

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// Input is something that reached the coordinator.
type Input interface{ apply(m *Machine) error }

// Report is what a detector said of a window.
type Report struct {
	Detector  string
	Component string
	// At is the window's end, Generation the component's at that time, zero
	// where unknown.
	At         time.Time
	Generation uint64
	Anomalies  []sdk.Anomaly
	// Pushed reports that it came from outside, unasked.
	Pushed bool
}

// Happened is an event of a component.
type Happened struct{ Event sdk.Event }

// Confirmed answers a Confirm with a verdict for each component.
type Confirmed struct {
	effect.Ticket
	Verdicts map[string]sdk.Verdict
}

// Proposed answers an Ask. Without actions, Reasons say why nobody offers.
type Proposed struct {
	effect.Ticket
	Strategy string
	Proposal sdk.Proposal
	Reasons  []string
	// Soon reports that a strategy was not ready or failed, so that the question
	// is worth repeating at once.
	Soon bool
	// Choice says why this one of the offers; nil where a person is called.
	Choice *record.Choice
	// NeedsPerson says why the proposal must not be carried out unasked, empty
	// when it may.
	NeedsPerson string
	// Targets are the components that the proposal is done to; none means the
	// incident's cause.
	Targets []string
	// Known is what the strategies were told beside anomalies; nil for nothing.
	Known *record.Known
}

// Acted answers an Act.
type Acted struct {
	effect.Ticket
	// Index is the action's place in the proposal.
	Index int
	// Step says what was done.
	Step record.Step
	// Receipt is what takes the action back, empty where nothing does. It counts
	// for an action that did not work as well.
	Receipt string
	// Generation is the component's after the action, zero where unknown.
	Generation uint64
	// Down reports that the component did not run when the action had ended.
	Down bool
	// NotBegun reports that nothing was done at all.
	NotBegun bool
	// Err is why the action did not work, empty when it did.
	Err string
}

// Undone answers an Undo.
type Undone struct {
	effect.Ticket
	Index int
	Step  record.Step
	// Err is why it could not be taken back, empty when it was.
	Err string
}

// Approve is a person's yes. An empty Hash means "as it stands".
type Approve struct{ ID, Hash, By string }

// Reject is a person's no.
type Reject struct{ ID, Reason, By string }

// StartMaintenance opens the window, whose ID and End the caller has set.
type StartMaintenance struct{ Window record.Maintenance }

// EndMaintenance closes a window before its time.
type EndMaintenance struct{ ID, By string }

// Promote lets a strategy act unasked on a component.
type Promote struct{ Promotion record.Promotion }

// Demote ends that.
type Demote struct{ Component, Strategy, By, Why string }

// Configure replaces the settings; the mode that was set live stays.
type Configure struct{ Settings Settings }

// Restore brings back what was saved; it must be the first input.
type Restore struct {
	State effect.State
	// Incidents are the saved ones, oldest first.
	Incidents []record.Incident
}

// Refusal is the error of an input that was refused: the request was at fault,
// not the host.
type Refusal struct{ Text string }

// Error returns the sentence.
func (r *Refusal) Error() string { return r.Text }

func refuse(format string, args ...any) error { return &Refusal{Text: fmt.Sprintf(format, args...)} }
