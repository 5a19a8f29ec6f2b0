package record

// Signature names the shape of an incident that the anomaly leads.
func (a *Anomaly) Signature() string { return a.Component + ":" + a.Shape() }

// Shape is a signature without the component.
func (a *Anomaly) Shape() string {
	if a.Key != "" {
		return a.Key
	}
	if a.Signal != "" {
		return a.Kind + "/" + a.Signal
	}
	return a.Kind
}

// Kind is that of the anomaly that gave the incident its signature, else of its
// first one.
func (i *Incident) Kind() string {
	for n := range i.Anomalies {
		if i.Anomalies[n].Signature() == i.Signature {
			return i.Anomalies[n].Kind
		}
	}
	if len(i.Anomalies) == 0 {
		return ""
	}
	return i.Anomalies[0].Kind
}
