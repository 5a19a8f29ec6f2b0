package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 16 << 20

// Component is what the trials need of a component.
type Component struct {
	Name          string `json:"name"`
	Kind          string `json:"kind"`
	State         string `json:"state"`
	PID           int    `json:"pid"`
	RestartOrders int    `json:"restart_orders"`
}

// Incident is what the trials need of an incident.
type Incident struct {
	ID        string    `json:"id"`
	Component string    `json:"component"`
	State     string    `json:"state"`
	Severity  string    `json:"severity"`
	Opened    time.Time `json:"opened"`
	Anomalies []Anomaly `json:"anomalies"`
}

// Anomaly is what the trials need of an anomaly.
type Anomaly struct {
	Component string    `json:"component"`
	Kind      string    `json:"kind"`
	Summary   string    `json:"summary"`
	FirstSeen time.Time `json:"first_seen"`
}

// Recovery is what the trials need of a recovery.
type Recovery struct {
	Component string     `json:"component"`
	Strategy  string     `json:"strategy"`
	Proposal  Proposal   `json:"proposal"`
	StartedAt *time.Time `json:"started_at"`
	ActedAt   *time.Time `json:"acted_at"`
	Result    string     `json:"result"`
}

// Proposal is an ordered list of actions.
type Proposal struct {
	Actions []Action `json:"actions"`
}

// Actions describes what was proposed.
func (r Recovery) Actions() string {
	words := make([]string, len(r.Proposal.Actions))
	for i, a := range r.Proposal.Actions {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}

// Action is one act of the daemon on a component.
type Action struct {
	Kind string `json:"kind"`
	Args struct {
		Component string `json:"component"`
		From      string `json:"from"`
		To        string `json:"to"`
	} `json:"args"`
}

// String names the action and its target.
func (a Action) String() string {
	if a.Args.From != "" {
		return a.Kind + " " + a.Args.From + "->" + a.Args.To
	}
	return strings.TrimSpace(a.Kind + " " + a.Args.Component)
}

// Components lists all components.
func (d *Daemon) Components(ctx context.Context) ([]Component, error) {
	return ask[Component](ctx, d, "components", nil)
}

// Component returns one component.
func (d *Daemon) Component(ctx context.Context, name string) (Component, error) {
	var c Component
	return c, d.call(ctx, base+"components/"+url.PathEscape(name), &c)
}

// AwaitUp waits until the daemon holds the component to be up.
func (d *Daemon) AwaitUp(ctx context.Context, name string) error {
	for {
		c, err := d.Component(ctx, name)
		if err == nil && c.State == "up" {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for homeostat to see %s up: it is %s", name, c.State), err)
		case <-time.After(pause):
		}
	}
}

// Link is what the trials need of a link.
type Link struct {
	State string `json:"state"`
}

// Link returns one link.
func (d *Daemon) Link(ctx context.Context, from, to string) (Link, error) {
	var l Link
	return l, d.call(ctx, base+"links/"+url.PathEscape(from)+"/"+url.PathEscape(to), &l)
}

// Incidents lists the incidents of a component, those that are over included.
func (d *Daemon) Incidents(ctx context.Context, component string) ([]Incident, error) {
	return ask[Incident](ctx, d, "incidents", url.Values{"component": {component}, "state": {"all"}})
}

// Approval is what the trials need of an approval.
type Approval struct {
	ID        string `json:"id"`
	Component string `json:"component"`
	State     string `json:"state"`
}

// Approvals lists all approvals.
func (d *Daemon) Approvals(ctx context.Context) ([]Approval, error) {
	return ask[Approval](ctx, d, "approvals", nil)
}

// Recoveries lists all recoveries.
func (d *Daemon) Recoveries(ctx context.Context) ([]Recovery, error) {
	return ask[Recovery](ctx, d, "recoveries", nil)
}

const base = "/api/v0/self-healing/"

// ask returns the items of a list.
func ask[T any](ctx context.Context, d *Daemon, path string, q url.Values) ([]T, error) {
	var answer struct {
		Items []T `json:"items"`
	}
	return answer.Items, d.call(ctx, base+path+"?"+q.Encode(), &answer)
}

// call decodes the answer into into, unless that is nil.
func (d *Daemon) call(ctx context.Context, path string, into any) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://homeostat"+path, nil)
	if err != nil {
		return fmt.Errorf("ask homeostat for %s: %w", path, err)
	}
	a, err := d.client.Do(q)
	if err != nil {
		return fmt.Errorf("ask homeostat for %s: %w", path, err)
	}
	defer func() { _ = a.Body.Close() }() // read to its end
	b, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("ask homeostat for %s: %w", path, err)
	}
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("ask homeostat for %s: it said %s: %.300s", path, a.Status, b)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("ask homeostat for %s: %w", path, err)
	}
	return nil
}
