package burst

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var begin = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

func at(after time.Duration, component, key string) Finding {
	return Finding{
		At: begin.Add(after), Last: begin.Add(after), Times: 1, Component: component, Key: key, Kind: "kind", Severity: sdk.SeverityLow,
		Score: 0.5, Text: "text of " + key,
	}
}

func of(findings ...Finding) *Burst {
	b := &Burst{Start: findings[0].At, Last: findings[0].At}
	for _, f := range findings {
		b.Add(f)
	}
	return b
}

func TestOneFindingIsToldAlone(t *testing.T) {
	again := at(30*time.Second, "web", "a")
	a := of(at(0, "web", "a"), again).Anomaly("web")
	if a.Kind != "kind" || a.Key != "a" || a.Summary != "web: text of a (2 times until 12:00:30)" {
		t.Errorf("got %+v", a)
	}
	if !a.Start.Equal(begin) || !a.End.Equal(again.At) {
		t.Errorf("from %v to %v", a.Start, a.End)
	}
}

func TestASequenceIsToldInTheOrderOfTimeWithTheWorstSeverity(t *testing.T) {
	bad := at(-5*time.Second, "store", "b")
	bad.Severity, bad.Score = sdk.SeverityHigh, 0.9
	a := of(at(0, "web", "a"), bad).Anomaly("web")
	want := "2 unusual things in the logs within 5s: 11:59:55 store: text of b; 12:00:00 web: text of a"
	if a.Summary != want || a.Kind != KindSequence || a.Key != "a" || a.Severity != sdk.SeverityHigh || a.Score != 0.9 {
		t.Errorf("got %+v, want the summary %q", a, want)
	}
	if len(a.Evidence) != 2 || a.Evidence[0].Component != "store" || a.Evidence[0].Signal != "b" {
		t.Errorf("evidence %+v", a.Evidence)
	}
}

func TestADelugeStaysWithinTheLimits(t *testing.T) {
	var all []Finding
	for i := range 500 {
		f := at(time.Duration(i)*time.Second, "web", fmt.Sprint("key", i))
		f.Text = strings.Repeat("ü", 1000)
		all = append(all, f)
	}
	b := of(all...)
	a := b.Anomaly("web")
	if err := a.Validate(); err != nil {
		t.Error(err)
	}
	if len(b.Parts) != maxParts || b.More != 500-maxParts {
		t.Errorf("%d parts and %d more", len(b.Parts), b.More)
	}
}

func TestAFindingThatRenewsShowsItsLastText(t *testing.T) {
	first, second := at(0, "web", "rate"), at(time.Minute, "web", "rate")
	first.Renews, second.Renews, second.Text = true, true, "text of now"
	if a := of(first, second).Anomaly("web"); !strings.Contains(a.Summary, "text of now") {
		t.Errorf("got %s", a.Summary)
	}
}
