package machine

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
)

// warming reports that the component may be ill though the action was right: it
// needs a while to show what the action was worth. Until then nothing but an exit
// condemns the action, and health counts as soon as it is there.
func (m *Machine) warming(inc *incident) bool {
	rec := inc.Running()
	return rec != nil && rec.ActedAt != nil && m.now.Before(m.warmAt(inc))
}

func (m *Machine) warmAt(inc *incident) time.Time {
	return inc.Running().ActedAt.Add(m.components[inc.helped()].WarmUp)
}

// relapse goes back to waiting for health when it came too early to last.
func (m *Machine) relapse(inc *incident) {
	inc.Running().HealthyAt, inc.HoldUntil, inc.settleAt = nil, nil, noTime
	m.enter(inc, record.PhaseVerifying, fmt.Sprintf("%s fails again and may do so until %s", inc.helped(), m.warmAt(inc).UTC().Format(time.TimeOnly)))
	inc.nextAt = m.now.Add(recheck)
}
