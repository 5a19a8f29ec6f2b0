package heal

import (
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/asked"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// Mode returns the daemon's mode.
func (h *Healer) Mode() policy.Mode {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.Mode()
}

// ModeOf returns the mode that holds for a component.
func (h *Healer) ModeOf(component string) policy.Mode {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.ModeOf(component)
}

// OwnModes returns the modes of components that were set live.
func (h *Healer) OwnModes() map[string]policy.Own {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.OwnModes()
}

// Maintenance returns the windows that are open.
func (h *Healer) Maintenance() []record.Maintenance {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.Maintenance()
}

// Anomalies returns the open and the last closed anomalies, newest first.
func (h *Healer) Anomalies() []record.Anomaly {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.Anomalies()
}

// Incidents returns the open and the last resolved incidents, newest first.
func (h *Healer) Incidents() []record.Incident {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.core.Incidents()
}

// Asked says what a person was asked about starting the component and has not said
// yes to, empty for nothing. It may be called before Run.
func (h *Healer) Asked(component string) string {
	if a := asked.Of(h.Incidents(), component); a != nil {
		return asked.Say(*a, component)
	}
	return ""
}

// Summary is healing in numbers.
type Summary struct {
	OpenIncidents    int `json:"open_incidents"`
	ActiveRecoveries int `json:"active_recoveries"`
	PendingApprovals int `json:"pending_approvals"`
	// AutoHealingRate is the percentage of resolved incidents with a remedy, or
	// an end of their own, without a person; 100 when there was none.
	AutoHealingRate float64 `json:"auto_healing_rate"`
}

// Summary returns the present numbers.
func (h *Healer) Summary() Summary {
	var s Summary
	resolved, alone := 0, 0
	for _, inc := range h.Incidents() {
		if inc.Phase != record.PhaseResolved {
			s.OpenIncidents++
			if inc.State == record.StateRecovering {
				s.ActiveRecoveries++
			}
			if inc.Pending() != nil {
				s.PendingApprovals++
			}
			continue
		}
		resolved++
		if withoutPerson(inc) {
			alone++
		}
	}
	s.AutoHealingRate = 100
	if resolved > 0 {
		s.AutoHealingRate = 100 * float64(alone) / float64(resolved)
	}
	return s
}

func withoutPerson(inc record.Incident) bool {
	if slices.ContainsFunc(inc.History, func(e record.Entry) bool { return e.State == record.StateHandedOver }) {
		return false
	}
	return !slices.ContainsFunc(inc.Recoveries, func(r record.Recovery) bool {
		return r.ApprovedBy != "" || r.Result == sdk.ResultRejected
	})
}

// Next is when an incident of the component is tried again, and its id; zero
// values when none is open.
func (h *Healer) Next(component string) (incident string, at *time.Time) {
	for _, inc := range h.Incidents() {
		if inc.Phase != record.PhaseResolved && slices.Contains(inc.Components, component) {
			return inc.ID, inc.NextTryAt
		}
	}
	return "", nil
}
