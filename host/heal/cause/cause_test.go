package cause

import (
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func shop(a, b string) bool { return a == "web" && b == "store" }

func TestDependencyWhoseSignalsAreOffComesBeforeTheOneThatSuffers(t *testing.T) {
	got := Rank(Case{DependsOn: shop, Anomalies: []sdk.Anomaly{
		{Component: "web", Kind: sdk.AnomalyProbe, Severity: sdk.SeverityMedium, Start: noon},
		{Component: "web", Kind: "behavior", Severity: sdk.SeverityLow, Start: noon, Evidence: []sdk.Evidence{
			{Component: "web", Signal: "latency", Value: 12, Low: 1, High: 10},
			{Component: "store", Signal: "queue", Value: 100, Low: 1, High: 10, Text: "suspect 1"},
		}},
	}})
	if len(got) != 2 || got[0].Component != "store" || !strings.Contains(got[0].Text, "web needs it") || !strings.Contains(got[0].Text, "queue") {
		t.Errorf("ranked %+v, want the store first, for its queue and because the web needs it", got)
	}
}

func TestEarlierOneAndTheChangedOneAreSuspectedMore(t *testing.T) {
	both := []sdk.Anomaly{
		{Component: "a", Severity: sdk.SeverityMedium, Start: noon.Add(time.Second)},
		{Component: "b", Severity: sdk.SeverityMedium, Start: noon},
	}
	none := func(string, string) bool { return false }
	if got := Rank(Case{Anomalies: both, DependsOn: none}); got[0].Component != "b" || !strings.Contains(got[0].Text, "failed first") {
		t.Errorf("ranked %+v, want b first, which failed first", got)
	}
	both[1].Start = both[0].Start
	change := sdk.ChangeRef{Component: "a", Text: "a.toml was edited", Applied: noon}
	if got := Rank(Case{Anomalies: both, DependsOn: none, Changes: []sdk.ChangeRef{change}}); got[0].Component != "a" || !strings.Contains(got[0].Text, "a.toml was edited at 12:00:00") {
		t.Errorf("ranked %+v, want a first, which was changed", got)
	}
}

func TestScoresAreBoundedAndOrderedWhateverTheEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"web", "store", "job", ""})
		number := rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64)
		c := Case{DependsOn: shop}
		for range rapid.IntRange(0, 6).Draw(t, "anomalies") {
			a := sdk.Anomaly{Component: name.Draw(t, "of"), Severity: sdk.Severity(rapid.IntRange(0, 4).Draw(t, "severity")), Start: noon}
			for range rapid.IntRange(0, 3).Draw(t, "evidence") {
				a.Evidence = append(a.Evidence, sdk.Evidence{Component: name.Draw(t, "at"), Value: number.Draw(t, "value"), Low: number.Draw(t, "low"), High: number.Draw(t, "high")})
			}
			c.Anomalies = append(c.Anomalies, a)
		}
		last := 1.0
		for _, s := range Rank(c) {
			if !(s.Score >= 0 && s.Score <= last) {
				t.Fatalf("%+v after a score of %v", s, last)
			}
			last = s.Score
		}
	})
}
