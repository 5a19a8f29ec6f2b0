package machine

// kind is that of the anomaly that gave the incident its signature.
func (i *incident) kind() string {
	for _, a := range i.Anomalies {
		if signature(a) == i.Signature {
			return a.Kind
		}
	}
	if len(i.Anomalies) == 0 {
		return ""
	}
	return i.Anomalies[0].Kind
}
