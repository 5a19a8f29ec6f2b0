package api

import (
	"context"
	"time"

	"github.com/homeostat/homeostat/host/api/trail"
	"github.com/homeostat/homeostat/sdk"
)

// Services are what the API shows. host/app provides them; every method is
// safe for concurrent use and returns copies.
type Services struct {
	Daemon     Daemon
	Components Components
	Parameters Parameters
	Searches   Searches
	Healing    Healing
	Strategies Strategies
	Changes    Changes
	Links      Links
	Signals    Signals
	Audit      Audit
	Tokens     Tokens
	TokenAdmin TokenAdmin
	Sessions   Sessions
	Notify     Notifications
	Alerts     Alerts
}

// Daemon answers for the process as a whole.
type Daemon interface {
	Status(ctx context.Context) (Status, error)
	// Ready returns nil when the daemon watches and can act, else the reason.
	Ready() error
	Modes() Modes
	// SetMode changes the daemon's mode; an empty one gives back that of the settings.
	SetMode(ctx context.Context, mode string) error
	// SetOwnMode gives a component a mode of its own; an empty one gives it back
	// to the settings.
	SetOwnMode(ctx context.Context, component string, own OwnMode) error
	Plugins() []Plugin
}

// Order is an operator's order to a component.
type Order string

// The orders.
const (
	OrderStart   Order = "start"
	OrderStop    Order = "stop"
	OrderRestart Order = "restart"
	OrderReload  Order = "reload"
)

// Components lists components and carries out orders.
type Components interface {
	Components() []Component
	Component(name string) (Component, error)
	Order(ctx context.Context, name string, order Order, reason string) (string, error)
	// Events are what happened to a component, the newest first, at most so many.
	Events(ctx context.Context, name string, limit int) ([]sdk.Event, error)
}

// Filter narrows a list. Empty fields do not narrow.
type Filter struct {
	Component string
	State     string
	Incident  string
	// Since leaves out what was over before it.
	Since time.Time
	// After leaves out all items up to that place.
	After Place
	// Limit is the most that are wanted, at least 1.
	Limit int
}

// Healing shows anomalies, incidents, recoveries and approvals. Lists are in the
// order of Place.
type Healing interface {
	Anomalies(ctx context.Context, f Filter) ([]Anomaly, error)
	// MarkAnomaly hands an operator's judgement to the detector and returns what
	// the detector says it knows of the component now, empty where it cannot say.
	MarkAnomaly(ctx context.Context, id string, verdict sdk.Verdict) (string, error)
	Incidents(ctx context.Context, f Filter) ([]Incident, error)
	Incident(ctx context.Context, id string) (Incident, error)
	Recoveries(ctx context.Context, f Filter) ([]Recovery, error)
	Approvals(ctx context.Context, f Filter) ([]Approval, error)
	Approval(ctx context.Context, id string) (Approval, error)
	Approve(ctx context.Context, id, hash string) (Approval, error)
	Reject(ctx context.Context, id, reason string) (Approval, error)
	Maintenance() []Maintenance
	StartMaintenance(ctx context.Context, m Maintenance) (Maintenance, error)
	EndMaintenance(ctx context.Context, id string) error
}

// Signals lists signals and their samples.
type Signals interface {
	Signals(component string) []Signal
	Samples(component, name string, from, to time.Time) (Samples, error)
}

// Audit reads and verifies the audit log.
type Audit interface {
	Records(fromSeq uint64, limit int) ([]AuditRecord, error)
	// Search looks backwards. A page can hold fewer records than were wanted, or
	// none, and still have a next one: each reads a bounded part of the log.
	Search(q trail.Query) (List[AuditRecord], error)
	Verify() (AuditReport, error)
}

// Problem is an error that knows how it is to be shown: an HTTP status, and
// what to do next.
type Problem struct {
	Status     int
	Detail     string
	Hint       string
	Rule       string
	RetryAfter time.Duration
}

// Error returns the detail and the hint.
func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Detail
	}
	return p.Detail + " (" + p.Hint + ")"
}

type actorKey struct{}

// WithActor returns a context in which Actor names who makes the request.
func WithActor(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, actorKey{}, id)
}

// Actor returns who makes the request, for the audit log: "uid:0" over the
// socket, "token:ID" over TCP.
func Actor(ctx context.Context) string {
	if id, ok := ctx.Value(actorKey{}).(Identity); ok {
		return id.Name
	}
	return "unknown"
}
