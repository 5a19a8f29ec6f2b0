package record

import (
	"slices"

	"github.com/homeostat/homeostat/sdk"
)

// Grave reports that the cause itself is down or does not answer; a mere
// degradation of it explains no failure of others.
func (i *Incident) Grave() bool {
	return slices.ContainsFunc(i.Anomalies, func(a Anomaly) bool {
		return a.Open && a.Component == i.Component && a.Severity >= sdk.SeverityMedium
	})
}

// OpenOf counts the open anomalies of a component; of all for "".
func (i *Incident) OpenOf(component string) int {
	n := 0
	for _, a := range i.Anomalies {
		if a.Open && (component == "" || a.Component == component) {
			n++
		}
	}
	return n
}

// Failing lists the incident's components with open anomalies, in its order.
func (i *Incident) Failing() []string {
	var out []string
	for _, c := range i.Components {
		if i.OpenOf(c) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// Join adds a component that the incident does not have; the cause stays first.
func (i *Incident) Join(component string) {
	if !slices.Contains(i.Components, component) {
		i.Components = append(i.Components, component)
	}
}

// DropClosed makes room for one more anomaly: the oldest that is closed goes, else the
// oldest.
func (i *Incident) DropClosed() {
	n := slices.IndexFunc(i.Anomalies, func(a Anomaly) bool { return !a.Open })
	i.Anomalies = slices.Delete(i.Anomalies, max(n, 0), max(n, 0)+1)
}
