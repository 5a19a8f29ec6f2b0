package sdk

import (
	"fmt"
	"strings"
)

// Severity says how bad an anomaly or an incident is. The zero value means
// "not judged": the host then takes SeverityLow.
type Severity uint8

// The four severities, mildest first. Low: one component is degraded. Medium:
// one component is down. High: the restart limit is reached, several
// components are hit, or data is at risk. Critical: the host is at risk.
const (
	SeverityUnknown Severity = iota
	SeverityLow
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

var severityNames = [...]string{"unknown", "low", "medium", "high", "critical"}

// String returns the lower-case name that configuration, CLI and API use.
func (s Severity) String() string {
	if int(s) >= len(severityNames) {
		return fmt.Sprintf("severity(%d)", uint8(s))
	}
	return severityNames[s]
}

// ParseSeverity reads a severity's name, in any case.
func ParseSeverity(text string) (Severity, error) {
	for i, name := range severityNames {
		if strings.EqualFold(text, name) {
			return Severity(i), nil
		}
	}
	return SeverityUnknown, fmt.Errorf("severity %q: want one of %s", text, strings.Join(severityNames[1:], ", "))
}

// MarshalText writes the name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *Severity) UnmarshalText(text []byte) error {
	parsed, err := ParseSeverity(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Verdict is a judgement with three values. Missing data is Inconclusive and
// never Pass.
type Verdict uint8

// The three verdicts; the zero value is Inconclusive.
const (
	Inconclusive Verdict = iota
	Pass
	Fail
)

var verdictNames = [...]string{"inconclusive", "pass", "fail"}

// String returns the lower-case name.
func (v Verdict) String() string {
	if int(v) >= len(verdictNames) {
		return fmt.Sprintf("verdict(%d)", uint8(v))
	}
	return verdictNames[v]
}

// MarshalText writes the name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the name.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, name := range verdictNames {
		if strings.EqualFold(string(text), name) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("verdict %q: want one of %s", text, strings.Join(verdictNames[:], ", "))
}
