package payload

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/homeostat/homeostat/host/notify/news"
)

// group is Alertmanager's webhook payload; see
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
type group struct {
	Version           string            `json:"version"`
	GroupKey          string            `json:"groupKey"`
	TruncatedAlerts   uint64            `json:"truncatedAlerts"`
	Status            string            `json:"status"`
	Receiver          string            `json:"receiver"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`
	Alerts            []alert           `json:"alerts"`
}

type alert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

const (
	firing   = "firing"
	resolved = "resolved"
)

// alertOf says what a kind of notice is among alerts: its name, and whether it
// ends one that fired under that name.
var alertOf = map[news.Kind]struct {
	name string
	ends bool
}{
	news.IncidentOpened:     {"HomeostatIncident", false},
	news.IncidentRaised:     {"HomeostatIncident", false},
	news.IncidentHandedOver: {"HomeostatIncident", false},
	news.IncidentResolved:   {"HomeostatIncident", true},
	news.ApprovalNeeded:     {"HomeostatApprovalNeeded", false},
	news.ApprovalAnswered:   {"HomeostatApprovalNeeded", true},
	news.ApprovalExpired:    {"HomeostatApprovalNeeded", true},
	news.ChangeRolledBack:   {"HomeostatChangeRolledBack", false},
	news.ChangeStuck:        {"HomeostatChangeStuck", false},
	news.SelfUndone:         {"HomeostatSelfChangeUndone", false},
	news.DetectorBlind:      {"HomeostatDetectorBlind", false},
	news.DetectorSees:       {"HomeostatDetectorBlind", true},
	news.Test:               {"HomeostatTest", false},
}

// group shows a notice as one alert in a group of its own. What it is about,
// and not how bad it is by now, makes its fingerprint, so that the end of
// an alert is found by the same fingerprint as its beginning.
func (s Surroundings) group(n news.Notice) group {
	kind := alertOf[n.Kind]
	about, began := subject(n)
	a := alert{
		Status: firing, StartsAt: began.UTC(), GeneratorURL: s.External,
		Labels: map[string]string{
			"alertname": kind.name, "host": s.Host, "component": n.Component, "severity": n.Severity.String(),
		},
		Annotations: map[string]string{"summary": n.Summary, "type": string(n.Kind), "id": about},
		Fingerprint: fingerprint(kind.name, s.Host, about),
	}
	if kind.ends {
		a.Status, a.EndsAt = resolved, n.At.UTC()
	}
	if link := s.answerURL(n); link != "" {
		a.Annotations["answer_url"] = link
	}
	if n.Incident != nil {
		a.Annotations["description"] = n.Incident.Text
	}
	groupLabels := map[string]string{"alertname": kind.name, "component": n.Component}
	return group{
		Version: "4", GroupKey: `{}:{alertname="` + kind.name + `", id="` + about + `"}`, Status: a.Status, Receiver: "homeostat",
		GroupLabels: groupLabels, CommonLabels: a.Labels, CommonAnnotations: a.Annotations, ExternalURL: s.External, Alerts: []alert{a},
	}
}

// subject returns what the alert is about, and since when.
func subject(n news.Notice) (id string, began time.Time) {
	switch {
	case n.Incident != nil:
		return n.Incident.ID, n.Incident.Opened
	case n.Approval != nil:
		return n.Approval.ID, n.Approval.Created
	case n.Change != nil:
		return n.Change.ID, n.Change.Ended
	case n.Detector != nil:
		return n.Detector.Name, n.Detector.At
	}
	return n.ID, n.At
}

// fingerprint is 16 hexadecimal digits, as Alertmanager's own are.
func fingerprint(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		sum.Write([]byte(p))
		sum.Write([]byte{0})
	}
	const length = 8
	return hex.EncodeToString(sum.Sum(nil)[:length])
}
