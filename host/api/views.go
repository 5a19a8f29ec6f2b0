package api

import (
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// List is a page of items with their number.
type List[T any] struct {
	Items []T    `json:"items"`
	Count int    `json:"count"`
	Next  string `json:"next,omitempty" doc:"the cursor of the next page; absent on the last one"`
}

// NewList makes a List that is never null in JSON.
func NewList[T any](items []T) List[T] {
	if items == nil {
		items = []T{}
	}
	return List[T]{Items: items, Count: len(items)}
}

// Status is the daemon at a glance.
type Status struct {
	Active           bool           `json:"active" doc:"healing is switched on"`
	Mode             string         `json:"mode" enum:"manual,supervised,automated,learning"`
	ActiveRecoveries int            `json:"active_recoveries"`
	AutoHealingRate  float64        `json:"auto_healing_rate" doc:"recoveries that healed without a person, in percent of all that ended"`
	Version          string         `json:"version"`
	StartedAt        time.Time      `json:"started_at"`
	Components       ComponentCount `json:"components"`
	OpenIncidents    int            `json:"open_incidents"`
	PendingApprovals int            `json:"pending_approvals"`
	Plugins          []Plugin       `json:"plugins"`
	Maintenance      []Maintenance  `json:"maintenance"`
	Config           string         `json:"config" doc:"path of the configuration file in force"`
	ConfigError      string         `json:"config_error,omitempty" doc:"why the last reload was refused"`
	StateDir         string         `json:"state_dir"`
	Notify           *NotifyStatus  `json:"notify,omitempty" doc:"how messages to the receiver fare; absent without [notify] webhook"`
	Listen           string         `json:"listen,omitempty"`
}

// ComponentCount counts components by state.
type ComponentCount struct {
	Up      int `json:"up"`
	Failing int `json:"failing"`
	Down    int `json:"down"`
	Other   int `json:"other"`
	Total   int `json:"total"`
}

// Component is a component's state with what healing knows of it.
type Component struct {
	sdk.ComponentStatus
	RestartOrders int        `json:"restart_orders" doc:"restarts ordered by the host since the state folder was made"`
	NextTryAt     *time.Time `json:"next_try_at,omitempty"`
	OpenIncident  string     `json:"open_incident,omitempty"`
	DependsOn     []string   `json:"depends_on,omitempty"`
	Mode          string     `json:"mode" doc:"the mode in force for this component"`
	KeptDown      string     `json:"kept_down,omitempty" doc:"why the daemon did not start it when it started itself: a person was asked and has not said yes"`
}

// Anomaly is a detector's report with its life in the host.
type Anomaly struct {
	sdk.Anomaly
	ID         string    `json:"id"`
	Detector   string    `json:"detector"`
	Open       bool      `json:"open"`
	FirstSeen  time.Time `json:"first_seen"`
	LastSeen   time.Time `json:"last_seen"`
	Incident   string    `json:"incident,omitempty"`
	Suppressed string    `json:"suppressed,omitempty" doc:"label of the suppression window it fell into"`
}

// HistoryEntry is one step in the life of an incident.
type HistoryEntry struct {
	At    time.Time `json:"at"`
	State string    `json:"state"`
	Text  string    `json:"text"`
}

// Incident is anomalies that belong together and what was done about them. In a list its
// anomalies come without evidence, and its recoveries without actions of the proposal and without steps.
type Incident struct {
	ID         string         `json:"id"`
	Component  string         `json:"component" doc:"the likely cause"`
	Components []string       `json:"components"`
	Signature  string         `json:"signature"`
	Severity   sdk.Severity   `json:"severity"`
	State      string         `json:"state"`
	Opened     time.Time      `json:"opened"`
	Resolved   *time.Time     `json:"resolved,omitempty"`
	CauseText  string         `json:"cause_text"`
	NextTryAt  *time.Time     `json:"next_try_at,omitempty"`
	Anomalies  []Anomaly      `json:"anomalies"`
	Recoveries []Recovery     `json:"recoveries"`
	History    []HistoryEntry `json:"history" doc:"oldest first; in a list the newest entry alone"`
	Known      *Known         `json:"known,omitempty" doc:"what was known around it when strategies were asked last; not in a list"`
}

// Known is what is known around an incident beside its anomalies.
type Known struct {
	At       time.Time       `json:"at"`
	Changes  []sdk.ChangeRef `json:"changes" doc:"what changed lately: recorded changes, edited files, packages; newest first"`
	Logs     []sdk.LogLine   `json:"logs" doc:"the end of the component's log"`
	Suspects []sdk.Suspect   `json:"suspects" doc:"the likeliest cause first"`
	Readings []sdk.Reading   `json:"readings" doc:"the newest value of each signal"`
}

// Recovery is one attempt to end an incident.
type Recovery struct {
	ID         string       `json:"id"`
	Incident   string       `json:"incident"`
	Component  string       `json:"component"`
	Strategy   string       `json:"strategy"`
	Proposal   sdk.Proposal `json:"proposal"`
	Actions    []string     `json:"actions" doc:"kind and target of each action, for people"`
	ProposedAt time.Time    `json:"proposed_at"`
	StartedAt  *time.Time   `json:"started_at,omitempty"`
	ActedAt    *time.Time   `json:"acted_at,omitempty" doc:"when the last action was finished"`
	HealthyAt  *time.Time   `json:"healthy_at,omitempty" doc:"the first healthy verdict after the action"`
	EndedAt    *time.Time   `json:"ended_at,omitempty"`
	Result     sdk.Result   `json:"result"`
	Reason     string       `json:"reason" doc:"why this was proposed"`
	Choice     *Choice      `json:"choice,omitempty" doc:"why this strategy was taken; absent in records of older daemons"`
	Text       string       `json:"text" doc:"how it went"`
	Steps      []Step       `json:"steps"`
}

// Choice is why one of the rungs on offer was taken.
type Choice struct {
	Why        string  `json:"why" doc:"one sentence"`
	Offers     []Offer `json:"offers" doc:"what was on offer, in the ladder's order"`
	Experiment string  `json:"experiment,omitempty" doc:"the experiment whose lot decided"`
}

// Offer is a rung that offered something.
type Offer struct {
	Strategy   string  `json:"strategy"`
	Propensity float64 `json:"propensity" doc:"the probability with which it was to be taken"`
}

// Step is one line of a recovery's course.
type Step struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Approval is a proposal that waits for, or had, a person's answer.
type Approval struct {
	ID        string       `json:"id"`
	Incident  string       `json:"incident"`
	Component string       `json:"component"`
	Strategy  string       `json:"strategy"`
	Proposal  sdk.Proposal `json:"proposal"`
	Hash      string       `json:"hash" doc:"SHA-256 of the proposal: what is approved is what is done"`
	Reason    string       `json:"reason"`
	Choice    *Choice      `json:"choice,omitempty" doc:"why this strategy was taken"`
	Evidence  []string     `json:"evidence"`
	Created   time.Time    `json:"created"`
	Expires   time.Time    `json:"expires"`
	State     string       `json:"state" enum:"pending,approved,rejected,expired,superseded"`
	Answer    string       `json:"answer,omitempty"`
	Undo      []Undo       `json:"undo,omitempty" doc:"how each action can be taken back, in their order"`
}

// Undo is how an action can be taken back.
type Undo struct {
	Action string `json:"action" doc:"its kind and target"`
	Class  string `json:"class" enum:"harmless,reversible,irreversible" doc:"harmless leaves nothing to take back"`
	Undo   string `json:"undo" doc:"what takes it back, or none"`
}

// Plugin is a plugin's process and health.
type Plugin struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Version   string `json:"version"`
	State     string `json:"state"`
	PID       int    `json:"pid,omitempty"`
	Restarts  int    `json:"restarts"`
	LastError string `json:"last_error,omitempty"`
	// Learning are the components that a detector lacks data of, so far.
	Learning []string  `json:"learning,omitempty" doc:"components that the detector still learns"`
	Since    time.Time `json:"since"`
	Features []string  `json:"features,omitempty"`
}

// Signal describes a signal and its newest sample.
type Signal struct {
	Component string     `json:"component"`
	Name      string     `json:"name"`
	Unit      string     `json:"unit"`
	Kind      sdk.Kind   `json:"kind"`
	Range     *sdk.Range `json:"range,omitempty"`
	Last      float64    `json:"last"`
	At        time.Time  `json:"at"`
}

// Samples are a signal's values over a time; Times are Unix milliseconds.
type Samples struct {
	Component string    `json:"component"`
	Name      string    `json:"name"`
	Times     []int64   `json:"times"`
	Values    []float64 `json:"values"`
}

// Maintenance is a span in which nothing is healed.
type Maintenance struct {
	ID        string    `json:"id"`
	Component string    `json:"component,omitempty" doc:"empty for the whole host"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Reason    string    `json:"reason"`
	By        string    `json:"by"`
}

// AuditRecord is one line of the audit log.
type AuditRecord struct {
	Seq    uint64         `json:"seq"`
	Time   time.Time      `json:"time"`
	Actor  string         `json:"actor"`
	Kind   string         `json:"kind"`
	Fields map[string]any `json:"fields"`
	Hash   string         `json:"hash"`
}

// AuditReport is the result of a verification of the audit log.
type AuditReport struct {
	OK      bool   `json:"ok"`
	Records int    `json:"records"`
	Problem string `json:"problem,omitempty" doc:"the first broken record, where it is and why"`
}
