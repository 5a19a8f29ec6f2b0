// Package record holds the values that healing keeps and shows: anomalies,
// incidents, recoveries, approvals and maintenance windows.
//
// It owns their shape, their JSON names and how they are copied. It decides
// nothing. Values are plain data: one goroutine writes, others get copies.
package record

import (
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// State is where an incident stands, in the words that CLI and API show.
type State string

// The states of an incident.
const (
	StateOpen            State = "open"             // seen; its cause or remedy is being looked for
	StateRecovering      State = "recovering"       // an action is carried out or being verified
	StateHolding         State = "holding"          // healthy again, not yet for long enough
	StateWaitingApproval State = "waiting_approval" // a person has to say yes or no
	StateWaiting         State = "waiting"          // nothing to do before a time or new evidence
	StateHandedOver      State = "handed_over"      // left to a person
	StateResolved        State = "resolved"         // over
)

// Phase is the exact step of an incident, finer than its State.
type Phase string

// The phases of an incident.
const (
	PhaseIdle       Phase = "idle"       // wants to be looked at
	PhaseConfirming Phase = "confirming" // its dependencies are being probed
	PhaseAsking     Phase = "asking"     // strategies are being asked
	PhaseActing     Phase = "acting"     // an action is being carried out
	PhaseVerifying  Phase = "verifying"  // the action is done, a healthy verdict is awaited
	PhaseUndoing    Phase = "undoing"    // what did not help is being taken back
	PhaseHolding    Phase = "holding"
	PhaseApproval   Phase = "approval"
	PhaseWaiting    Phase = "waiting"
	PhaseHandedOver Phase = "handed_over"
	PhaseResolved   Phase = "resolved"
)

var states = map[Phase]State{
	PhaseIdle: StateOpen, PhaseConfirming: StateOpen, PhaseAsking: StateOpen,
	PhaseActing: StateRecovering, PhaseVerifying: StateRecovering, PhaseUndoing: StateRecovering, PhaseHolding: StateHolding,
	PhaseApproval: StateWaitingApproval, PhaseWaiting: StateWaiting,
	PhaseHandedOver: StateHandedOver, PhaseResolved: StateResolved,
}

// State returns the state that the phase belongs to.
func (p Phase) State() State { return states[p] }

// Busy reports that a recovery slot is taken in this phase.
func (p Phase) Busy() bool {
	return p == PhaseConfirming || p == PhaseAsking || p == PhaseActing || p == PhaseVerifying || p == PhaseUndoing
}

// Anomaly is a detector's report as the host keeps it.
type Anomaly struct {
	sdk.Anomaly
	ID        string    `json:"id"`
	Detector  string    `json:"detector"`
	Open      bool      `json:"open"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	// Incident is the incident that the anomaly belongs to, empty for none.
	Incident string `json:"incident,omitempty"`
	// Label says why the anomaly opened no incident, for example "own action
	// rec_…" or "maintenance mnt_…"; empty for an ordinary one.
	Label string `json:"label,omitempty"`
	// Pushed reports that it came from outside by itself: its sender does not
	// start again with the daemon and so does not report it anew.
	Pushed bool `json:"pushed,omitempty"`
	// Closed says why an anomaly is no longer open.
	Closed string `json:"closed,omitempty"`
}

// SilentSince reports an anomaly from outside of which nothing was heard since: its
// sender tells late that all is well, so that it stands says nothing.
func (a Anomaly) SilentSince(at time.Time) bool { return a.Pushed && !a.LastSeen.After(at) }

// Entry is one line of an incident's history.
type Entry struct {
	At    time.Time `json:"at"`
	State State     `json:"state"`
	Text  string    `json:"text"`
}

// Step is one line of a recovery's course.
type Step struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Recovery is one attempt to end an incident.
type Recovery struct {
	ID        string       `json:"id"`
	Incident  string       `json:"incident"`
	Component string       `json:"component"`
	Strategy  string       `json:"strategy"`
	Proposal  sdk.Proposal `json:"proposal"`
	// Actions are the kinds and targets of the proposal, for display.
	Actions    []string   `json:"actions"`
	ProposedAt time.Time  `json:"proposed_at"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	// OrderedAt is when the newest of its actions was ordered.
	OrderedAt *time.Time `json:"ordered_at,omitempty"`
	// ActedAt is when the last action was finished.
	ActedAt *time.Time `json:"acted_at,omitempty"`
	// HealthyAt is when the first healthy verdict after the action came.
	HealthyAt *time.Time `json:"healthy_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Result    sdk.Result `json:"result"`
	Reason    string     `json:"reason"`
	Text      string     `json:"text,omitempty"`
	// Choice is why this rung was taken; nil in records of older daemons.
	Choice *Choice `json:"choice,omitempty"`
	// ApprovedBy names who allowed it; empty for an automatic one.
	ApprovedBy string `json:"approved_by,omitempty"`
	// Targets are the components that the proposal is done to.
	Targets []string `json:"targets,omitempty"`
	// Receipts hold, for each action that was carried out, what takes it back;
	// empty where nothing does, or where it has been taken back.
	Receipts []string `json:"receipts,omitempty"`
	// Before is the worst open severity of each component when it began.
	Before map[string]sdk.Severity `json:"before,omitempty"`
	// Interrupted reports that the daemon was killed while it was under way, and
	// that it could not go on, or that nobody knows whether it was carried out.
	Interrupted bool `json:"interrupted,omitempty"`
	// Harmed reports that the host was worse for it.
	Harmed bool `json:"harmed,omitempty"`
	// RestsUntil is until when the strategy is not asked again about the
	// component, because this failed.
	RestsUntil *time.Time `json:"rests_until,omitempty"`
	Steps      []Step     `json:"steps"`
}

// Choice is why one rung of those on offer was taken. It is never changed once
// recorded.
type Choice struct {
	// Why is one sentence.
	Why string `json:"why"`
	// Offers are the rungs that offered something, in the ladder's order.
	Offers []Offer `json:"offers"`
	// Experiment is the one that drew it, empty for none.
	Experiment string `json:"experiment,omitempty"`
}

// Offer is a rung with the probability that it was to be taken, from 0 to 1.
type Offer struct {
	Strategy   string  `json:"strategy"`
	Propensity float64 `json:"propensity"`
}

// Propensity is how likely a strategy was to be taken, 0 where it was not on offer.
func (c *Choice) Propensity(strategy string) float64 {
	for _, o := range c.Offers {
		if o.Strategy == strategy {
			return o.Propensity
		}
	}
	return 0
}

// ApprovalState is where an approval stands.
type ApprovalState string

// The states of an approval.
const (
	ApprovalPending    ApprovalState = "pending"
	ApprovalApproved   ApprovalState = "approved"
	ApprovalRejected   ApprovalState = "rejected"
	ApprovalExpired    ApprovalState = "expired"
	ApprovalSuperseded ApprovalState = "superseded"
)

// Approval is a question to a person: may this be done.
type Approval struct {
	ID        string       `json:"id"`
	Incident  string       `json:"incident"`
	Component string       `json:"component"`
	Strategy  string       `json:"strategy"`
	Proposal  sdk.Proposal `json:"proposal"`
	// Targets are the components that it would be done to.
	Targets []string `json:"targets,omitempty"`
	// Choice is why this rung was taken.
	Choice *Choice `json:"choice,omitempty"`
	// Hash binds the answer to the incident, the proposal and the evidence.
	Hash     string        `json:"hash"`
	Reason   string        `json:"reason"`
	Evidence []string      `json:"evidence"`
	Created  time.Time     `json:"created"`
	Expires  time.Time     `json:"expires"`
	State    ApprovalState `json:"state"`
	// Renewed reports that an earlier approval of the incident had expired.
	Renewed  bool       `json:"renewed,omitempty"`
	By       string     `json:"by,omitempty"`
	Answered *time.Time `json:"answered,omitempty"`
	Text     string     `json:"text,omitempty"`
}

// Incident is a set of anomalies that belong together, with all that was done.
type Incident struct {
	ID string `json:"id"`
	// Component is the likely cause.
	Component string `json:"component"`
	// Components are all that are hit, the cause first.
	Components []string     `json:"components"`
	Signature  string       `json:"signature"`
	Severity   sdk.Severity `json:"severity"`
	State      State        `json:"state"`
	Phase      Phase        `json:"phase"`
	Opened     time.Time    `json:"opened"`
	Resolved   *time.Time   `json:"resolved,omitempty"`
	// Reopened is when it was taken up again last, after it had been resolved; nil
	// for never.
	Reopened *time.Time `json:"reopened,omitempty"`
	// CauseText says in a sentence why Component is held to be the cause.
	CauseText string `json:"cause_text"`
	// Shared reports that several components fail alike without a declared
	// cause: only the first of them is acted on.
	Shared     bool       `json:"shared,omitempty"`
	Anomalies  []Anomaly  `json:"anomalies"`
	Recoveries []Recovery `json:"recoveries"`
	Approvals  []Approval `json:"approvals,omitempty"`
	History    []Entry    `json:"history"`
	// Known is what was known around it when strategies were asked last; nil
	// before that.
	Known *Known `json:"known,omitempty"`
	// NextTryAt is when the incident is looked at again at the latest.
	NextTryAt *time.Time `json:"next_try_at,omitempty"`
	// QuarantinedUntil is when a failed recovery stops to block the next one.
	QuarantinedUntil *time.Time `json:"quarantined_until,omitempty"`
	// HoldUntil is when health counts as a success.
	HoldUntil *time.Time `json:"hold_until,omitempty"`
}

// Known is what the host knows around an incident beside its anomalies. It is
// never changed once recorded.
type Known struct {
	At       time.Time       `json:"at"`
	Changes  []sdk.ChangeRef `json:"changes,omitempty"`
	Logs     []sdk.LogLine   `json:"logs,omitempty"`
	Suspects []sdk.Suspect   `json:"suspects,omitempty"`
	Readings []sdk.Reading   `json:"readings,omitempty"`
}

// Promotion lets a strategy act unasked on a component, as in mode automated.
type Promotion struct {
	Component string    `json:"component"`
	Strategy  string    `json:"strategy"`
	At        time.Time `json:"at"`
	// By is the person, or Scoreboard.
	By  string `json:"by"`
	Why string `json:"why"`
}

// Scoreboard promotes by itself where the operator has said so.
const Scoreboard = "scoreboard"

// Maintenance is a window in which nothing is opened or done.
type Maintenance struct {
	ID string `json:"id"`
	// Component is the one concerned, empty for all.
	Component string    `json:"component,omitempty"`
	Reason    string    `json:"reason"`
	By        string    `json:"by"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
}

// Covers reports whether the window holds for the component at the time.
func (m Maintenance) Covers(component string, at time.Time) bool {
	return (m.Component == "" || m.Component == component) && at.Before(m.End)
}
