package heal

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// selfDetector is the name under which the host reports its own blindness.
const selfDetector = "homeostat"

// Report takes in what a detector said of a window. It returns at once.
func (h *Healer) Report(detector string, w sdk.Window, found []sdk.Anomaly) error {
	return h.step(machine.Report{
		Detector: detector, Component: w.Component, At: w.End, Generation: w.Status.Generation, Anomalies: found,
	})
}

// Push takes in what monitoring outside of the host says of one component. It
// returns at once.
func (h *Healer) Push(detector, component string, found []sdk.Anomaly) error {
	return h.step(machine.Report{Detector: detector, Component: component, At: time.Now(), Anomalies: found, Pushed: true})
}

// Observe takes in an event of a component, or of a detector that went blind
// or sees again. It returns at once.
func (h *Healer) Observe(e sdk.Event) error {
	switch e.Type {
	case sdk.EventPluginBlind, sdk.EventPluginSeeing:
		return h.step(blindness(e))
	case sdk.EventStopping, sdk.EventStopped, sdk.EventReady, sdk.EventChange:
		return h.step(machine.Happened{Event: e})
	case sdk.EventProbe:
		if e.Probe != nil && e.Probe.Verdict == sdk.Pass {
			return h.step(machine.Happened{Event: e})
		}
	}
	return nil // the rest reaches healing as anomalies
}

// blindness makes an anomaly of the host itself out of a detector that gives
// no answer. The event's component names the
// plugin.
func blindness(e sdk.Event) machine.Report {
	a := sdk.Anomaly{
		Component: sdk.HostComponent, Key: "blind/" + e.Component, Kind: sdk.AnomalyBlind, Severity: sdk.SeverityLow,
		Score: 1, Start: e.Time, End: e.Time, TTL: sdk.MaxWait,
		Ended:   e.Type == sdk.EventPluginSeeing,
		Summary: strings.TrimSuffix(fmt.Sprintf("%s gives no answer: %s", e.Component, e.Text), ": "),
	}
	return machine.Report{Detector: selfDetector, Component: sdk.HostComponent, At: e.Time, Anomalies: []sdk.Anomaly{a}}
}

// Approve is a person's yes to an approval. An empty hash means "as it
// stands"; another hash than the approval's is refused. A second yes changes
// nothing. Refusals are of type *machine.Refusal.
func (h *Healer) Approve(id, hash, who string) error {
	return h.step(machine.Approve{ID: id, Hash: hash, By: who})
}

// Reject is a person's no, with the reason.
func (h *Healer) Reject(id, reason, who string) error {
	return h.step(machine.Reject{ID: id, Reason: reason, By: who})
}

// SetMode changes the daemon's mode, durably.
func (h *Healer) SetMode(mode, who string) error {
	m, err := policy.ParseMode(mode)
	if err != nil {
		return &machine.Refusal{Text: err.Error()}
	}
	return h.step(machine.SetMode{Mode: m, By: who})
}

// UnsetMode gives the daemon back the mode of the settings, durably.
func (h *Healer) UnsetMode(who string) error { return h.step(machine.SetMode{By: who}) }

// ModeSetLive reports whether the daemon's mode was set live, and the mode that the
// settings have.
func (h *Healer) ModeSetLive() (live bool, configured policy.Mode) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.ModeSetLive()
}

// SetOwnMode gives a component a mode of its own, durably; an empty one gives it
// back to the settings.
func (h *Healer) SetOwnMode(component string, own policy.Own, who string) error {
	if own.Mode != "" {
		if _, err := policy.ParseMode(string(own.Mode)); err != nil {
			return &machine.Refusal{Text: err.Error()}
		}
	}
	return h.step(machine.SetMode{Component: component, Mode: own.Mode, Wins: own.Wins, By: who})
}

// Window is what an operator asks for as maintenance.
type Window struct {
	// Component is the one concerned, empty for all.
	Component string
	For       time.Duration
	Reason    string
	By        string
}

// maxMaintenance keeps a forgotten unit ("30d") from switching healing off for
// good.
const maxMaintenance = 7 * 24 * time.Hour

// StartMaintenance opens a window that ends by itself.
func (h *Healer) StartMaintenance(w Window) (record.Maintenance, error) {
	if w.For <= 0 || w.For > maxMaintenance {
		return record.Maintenance{}, &machine.Refusal{Text: fmt.Sprintf("maintenance for %v: want more than 0 and at most %v (7 days)", w.For, maxMaintenance)}
	}
	if err := h.known(w.Component); err != nil {
		return record.Maintenance{}, &machine.Refusal{Text: "maintenance: " + err.Error() + "; see `homeostat component list`"}
	}
	now := time.Now()
	m := record.Maintenance{
		ID: "mnt_" + strconv.FormatInt(now.UnixNano(), 36), Component: w.Component, Reason: w.Reason, By: w.By,
		Start: now, End: now.Add(w.For),
	}
	return m, h.step(machine.StartMaintenance{Window: m})
}

func (h *Healer) known(component string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.CheckComponent(component)
}

// EndMaintenance closes a window before its time.
func (h *Healer) EndMaintenance(id, who string) error {
	return h.step(machine.EndMaintenance{ID: id, By: who})
}

// Reload replaces the settings. The mode that was set live stays; open
// incidents of components that are gone are resolved.
func (h *Healer) Reload(s Settings, p Promotion) error {
	h.mu.Lock()
	h.promote, h.settings = p, s
	h.mu.Unlock()
	h.trials.Configure(context.Background(), s.Experiment, time.Now())
	return h.step(machine.Configure{Settings: s})
}
