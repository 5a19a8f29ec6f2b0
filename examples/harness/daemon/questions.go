package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
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

// Anomaly is what the trials need of an anomaly.
type Anomaly struct {
	Component string    `json:"component"`
	Kind      string    `json:"kind"`
	Summary   string    `json:"summary"`
	FirstSeen time.Time `json:"first_seen"`
}

// Recovery is what the trials need of a recovery.
type Recovery struct {
	Component  string     `json:"component"`
	Strategy   string     `json:"strategy"`
	Actions    []string   `json:"actions"`
	ProposedAt time.Time  `json:"proposed_at"`
	ActedAt    *time.Time `json:"acted_at"`
	Result     string     `json:"result"`
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

// Anomalies lists the anomalies of a component, closed ones included.
func (d *Daemon) Anomalies(ctx context.Context, component string) ([]Anomaly, error) {
	return ask[Anomaly](ctx, d, "anomalies", url.Values{"component": {component}})
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
