package changes

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/app/translate"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/sdk"
)

// Components are the orders that a change may give.
type Components interface {
	Restart(ctx context.Context, name string, o component.Order) (component.Result, error)
	Reload(ctx context.Context, name string, o component.Order) (component.Result, error)
	Confirm(ctx context.Context, name string) (component.Verdict, error)
	Status(name string) (component.Status, bool)
	Statuses() []component.Status
}

// World is change.World on the components of this host.
type World struct {
	Components Components
	// StartTimeout is how long a component may take to start before starts have been learned.
	StartTimeout func(name string) time.Duration
	// OpenAnomalies are the ids of the anomalies that are open.
	OpenAnomalies func() map[string]bool
	// Judge judges the host.
	Judge func(ctx context.Context) health.Report
}

// Activate makes a component read its files.
func (w World) Activate(ctx context.Context, name string, how change.Activation, reason string) (string, error) {
	order := w.Components.Restart
	if how == change.ActivateReload {
		order = w.Components.Reload
	}
	result, err := order(ctx, name, component.Order{Reason: reason})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s in %v", name, result.Text, result.Took.Round(time.Millisecond)), nil
}

// Look asks the probes of a component now.
func (w World) Look(ctx context.Context, name string) (record.Verdict, string) {
	v, err := w.Components.Confirm(ctx, name)
	if err != nil {
		return record.Inconclusive, err.Error()
	}
	return record.Verdict(translate.Verdict(v.Verdict).String()), v.Text
}

// leastPatience is how long every component is given to answer.
const leastPatience = 10 * time.Second

// AnswerWithin is what past starts have taught, or as long as a start may take.
func (w World) AnswerWithin(name string) time.Duration {
	status, ok := w.Components.Status(name)
	if ok && status.Grace.Learned > 0 {
		return max(status.Grace.Learned, leastPatience)
	}
	return max(w.StartTimeout(name), leastPatience)
}

// illness ranks states: the worse, the higher.
var illness = map[sdk.ComponentState]int{
	sdk.StateStarting: 1, sdk.StateFailing: 2, sdk.StateDown: 3, sdk.StateCouldNotStop: 4,
}

// Ills tells how ill each component is.
func (w World) Ills() map[string]int {
	ills := map[string]int{}
	for _, s := range w.Components.Statuses() {
		ills[s.Name] = illness[translate.Status(s).State]
	}
	return ills
}

// Anomalies are the ids of the anomalies that are open.
func (w World) Anomalies() map[string]bool { return w.OpenAnomalies() }

// Health judges the host.
func (w World) Health(ctx context.Context) health.Report { return w.Judge(ctx) }
