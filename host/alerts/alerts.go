// Package alerts turns what Prometheus' Alertmanager posts into anomalies, so that
// existing monitoring joins in.
//
// It owns the payload's shape and bounds, and which component and severity an
// alert stands for. It opens nothing: healing does, as for any detector. It is
// pure, and a Mapping may be used from several goroutines.
package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Detector is the name under which alerts are reported.
const Detector = "alertmanager"

// Bounds on one payload.
const (
	// MaxAlerts is the most alerts that one payload may hold. Alertmanager sends
	// all of a group at once; its max_alerts limits them.
	MaxAlerts = 1000
	maxLabels = 64
	maxText   = 1024
)

// Payload is Alertmanager's webhook, version 4. What is not needed is left out
// and ignored.
type Payload struct {
	_       struct{} `additionalProperties:"true"`
	Version string   `json:"version,omitempty" doc:"4"`
	Status  string   `json:"status,omitempty" doc:"of the group: firing or resolved"`
	Alerts  []Alert  `json:"alerts,omitempty"`
}

// Alert is one alert of a payload.
type Alert struct {
	_            struct{}          `additionalProperties:"true"`
	Status       string            `json:"status,omitempty" doc:"firing or resolved"`
	Labels       map[string]string `json:"labels,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     time.Time         `json:"startsAt,omitempty"`
	EndsAt       time.Time         `json:"endsAt,omitempty"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
	Fingerprint  string            `json:"fingerprint,omitempty"`
}

const (
	firing   = "firing"
	resolved = "resolved"
)

// Validate reports the first rule that the payload breaks; then nothing of it
// is taken in.
func (p Payload) Validate() error {
	switch {
	case p.Version != "4":
		return fmt.Errorf("version %q: want \"4\", the webhook of Alertmanager since 0.13", clip(p.Version))
	case len(p.Alerts) == 0:
		return fmt.Errorf("alerts: there are none")
	case len(p.Alerts) > MaxAlerts:
		return fmt.Errorf("alerts: %d of them, at most %d are taken: set max_alerts in Alertmanager's webhook_config", len(p.Alerts), MaxAlerts)
	}
	for n, a := range p.Alerts {
		if err := a.validate(); err != nil {
			return fmt.Errorf("alerts[%d].%w", n, err)
		}
	}
	return nil
}

func (a Alert) validate() error {
	switch {
	case a.Status != firing && a.Status != resolved:
		return fmt.Errorf("status: %q, want firing or resolved", clip(a.Status))
	case a.Labels["alertname"] == "":
		return fmt.Errorf("labels: alertname is missing")
	case len(a.Labels) > maxLabels || len(a.Annotations) > maxLabels:
		return fmt.Errorf("labels: %d labels and %d annotations, at most %d each are taken", len(a.Labels), len(a.Annotations), maxLabels)
	}
	return nil
}

// Mapping says what alerts mean on this host.
type Mapping struct {
	// Labels may name the component; the first that does decides.
	Labels []string
	// Components are values of those labels that stand for a component.
	Components map[string]string
	// Severities are values of the label severity, in lower case, beyond the usual.
	Severities map[string]sdk.Severity
	// Down are patterns of alert names, as path.Match has them, that say that the
	// component is down, not that something is wrong with it.
	Down []string
	// TTL is how long an alert stands that is neither repeated nor resolved.
	TTL time.Duration
	// Known reports whether there is a component of that name.
	Known func(name string) bool
}

// Finding is what became of one alert.
type Finding struct {
	Fingerprint string
	Name        string
	Firing      bool
	// Text says why it counts for its component.
	Text    string
	Anomaly sdk.Anomaly
}

// Findings returns one finding for each alert of a payload that is valid, in
// their order. The same alert twice is taken as it comes last.
func (m Mapping) Findings(p Payload, now time.Time) []Finding {
	var out []Finding
	at := map[string]int{}
	for _, a := range p.Alerts {
		f := m.finding(a, now)
		if n, twice := at[f.Fingerprint]; twice {
			out[n] = f
			continue
		}
		at[f.Fingerprint] = len(out)
		out = append(out, f)
	}
	return out
}

func (m Mapping) finding(a Alert, now time.Time) Finding {
	component, why := m.component(a.Labels)
	f := Finding{Fingerprint: fingerprint(a), Name: clip(a.Labels["alertname"]), Firing: a.Status == firing, Text: why}
	f.Anomaly = sdk.Anomaly{
		Component: component, Key: "alert/" + f.Fingerprint, Kind: sdk.AnomalyAlert, Severity: m.severity(a.Labels["severity"]), Score: 1,
		Start: a.StartsAt, End: now, Ended: !f.Firing, TTL: m.TTL, Summary: summary(a),
	}
	if component != sdk.HostComponent && m.saysDown(a.Labels["alertname"]) {
		f.Anomaly.Signal = sdk.SignalDown
		f.Text += "; it says that " + component + " is down"
	}
	if a.StartsAt.IsZero() || a.StartsAt.After(now) {
		f.Anomaly.Start = now // another machine's clock may be ahead
	}
	return f
}

// saysDown reports an alert that is not vague. A pattern that is none matches
// nothing; the configuration refuses it.
func (m Mapping) saysDown(name string) bool {
	return slices.ContainsFunc(m.Down, func(pattern string) bool {
		hit, err := path.Match(strings.ToLower(pattern), strings.ToLower(name))
		return err == nil && hit
	})
}

// component finds the component that a label names, else the host.
func (m Mapping) component(labels map[string]string) (name, why string) {
	for _, label := range m.Labels {
		value := labels[label]
		for _, v := range []string{value, withoutPort(value)} {
			if to, ok := m.Components[v]; ok && v != "" {
				return to, fmt.Sprintf("label %s=%q stands for %s", label, clip(value), to)
			}
			if v != "" && (v == sdk.HostComponent || m.Known(v)) {
				return v, fmt.Sprintf("label %s=%q names it", label, clip(value))
			}
		}
	}
	return sdk.HostComponent, fmt.Sprintf("no label of %s names a component: it counts for the host; see alerts.components", strings.Join(m.Labels, ", "))
}

// withoutPort cuts the port off an instance such as "web:9100".
func withoutPort(value string) string {
	if host, _, err := net.SplitHostPort(value); err == nil {
		return host
	}
	return value
}

// usual are the words for severities that are in common use. "critical" means
// that somebody is called: on this host that is high, for critical is kept for a
// host at risk.
var usual = map[string]sdk.Severity{
	"none": sdk.SeverityLow, "info": sdk.SeverityLow, "low": sdk.SeverityLow, "warning": sdk.SeverityLow, "minor": sdk.SeverityLow,
	"error": sdk.SeverityMedium, "medium": sdk.SeverityMedium, "major": sdk.SeverityMedium,
	"high": sdk.SeverityHigh, "critical": sdk.SeverityHigh, "page": sdk.SeverityHigh,
}

// severity reads a label's value; one that is unknown or missing is medium.
func (m Mapping) severity(word string) sdk.Severity {
	word = strings.ToLower(word)
	if s, ok := m.Severities[word]; ok {
		return s
	}
	if s, ok := usual[word]; ok {
		return s
	}
	return sdk.SeverityMedium
}

func summary(a Alert) string {
	name := clip(a.Labels["alertname"])
	for _, key := range []string{"summary", "description", "message"} {
		if text := a.Annotations[key]; text != "" {
			return "alert " + name + ": " + clip(text)
		}
	}
	return "alert " + name
}

var fingerprintForm = regexp.MustCompile(`^[0-9a-f]{1,64}$`)

// fingerprint identifies an alert: Alertmanager's own, or where an old one sends
// none, a sum over its labels.
func fingerprint(a Alert) string {
	if fingerprintForm.MatchString(a.Fingerprint) {
		return a.Fingerprint
	}
	sum := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(a.Labels)) {
		fmt.Fprintf(sum, "%q=%q,", key, a.Labels[key])
	}
	const length = 8
	return hex.EncodeToString(sum.Sum(nil)[:length])
}

// clip bounds a stranger's text, on a rune's border.
func clip(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxText {
		return text
	}
	cut := text[:maxText]
	return strings.ToValidUTF8(cut, "") + "…"
}

// ParseSeverities reads words that the configuration has checked; one that is no
// severity is left out.
func ParseSeverities(words map[string]string) map[string]sdk.Severity {
	out := make(map[string]sdk.Severity, len(words))
	for word, name := range words {
		if s, err := sdk.ParseSeverity(name); err == nil {
			out[strings.ToLower(word)] = s
		}
	}
	return out
}
