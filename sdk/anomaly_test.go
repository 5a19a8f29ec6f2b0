package sdk

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestAnomalyValidationNamesTheBrokenRule(t *testing.T) {
	good := Anomaly{Component: "web", Kind: AnomalyProbe, Score: 1, Severity: SeverityMedium}
	if err := good.Validate(); err != nil {
		t.Fatalf("a good anomaly was refused: %v", err)
	}
	cases := map[string]func(*Anomaly){
		"component": func(a *Anomaly) { a.Component = "" },
		"kind":      func(a *Anomaly) { a.Kind = "" },
		"score":     func(a *Anomaly) { a.Score = math.NaN() },
		"severity":  func(a *Anomaly) { a.Severity = 9 },
		"ttl":       func(a *Anomaly) { a.TTL = -time.Second },
		"summary":   func(a *Anomaly) { a.Summary = strings.Repeat("x", MaxText+1) },
		"evidence":  func(a *Anomaly) { a.Evidence = make([]Evidence, MaxEvidence+1) },
		"finite":    func(a *Anomaly) { a.Evidence = []Evidence{{Signal: "cpu", High: math.Inf(1)}} },
		"names":     func(a *Anomaly) { a.Key = strings.Repeat("k", 4*MaxNameLength+1) },
	}
	for word, spoil := range cases {
		bad := good
		spoil(&bad)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: got %v, want an error that names it", word, err)
		}
	}
}

func TestSeverityAndVerdictNamesReadBack(t *testing.T) {
	for s := SeverityUnknown; s <= SeverityCritical; s++ {
		text, _ := s.MarshalText()
		var got Severity
		if err := got.UnmarshalText(text); err != nil || got != s {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for v := Inconclusive; v <= Fail; v++ {
		text, _ := v.MarshalText()
		var got Verdict
		if err := got.UnmarshalText(text); err != nil || got != v {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	var s Severity
	if err := s.UnmarshalText([]byte("awful")); err == nil || !strings.Contains(err.Error(), "critical") {
		t.Errorf("got %v, want an error that lists the severities", err)
	}
}
