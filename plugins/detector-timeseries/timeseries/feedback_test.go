package timeseries

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/homeostat/homeostat/sdk"
)

// jump returns a bench whose latency is reported, and the anomaly.
func jump(t *testing.T) (*bench, sdk.Anomaly) {
	b := learnt(t)
	var found []sdk.Anomaly
	for range 6 {
		found = b.feed(map[string]float64{"latency": 0.84})
	}
	if len(found) != 1 {
		t.Fatalf("a jump gives %+v, want one anomaly", found)
	}
	return b, found[0]
}

func explained(t *testing.T, b *bench) string {
	t.Helper()
	text, err := b.d.Explain(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWrongMarksLowerTheSensitivityForThatPatternAloneAndRightOnesGiveItBack(t *testing.T) {
	b, a := jump(t)
	c := b.d.components["web"]
	for range 20 {
		if err := b.d.Feedback(t.Context(), sdk.Mark{Anomaly: a}); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.sensitivity(a.Key); got > 0.5 || got < 0.3 {
		t.Errorf("after twenty wrong marks the sensitivity for %s is %v, want about a third", a.Key, got)
	}
	for _, p := range patterns {
		if key := unusualKey("latency") + "/" + p; key != a.Key && c.sensitivity(key) != 1 {
			t.Errorf("the sensitivity for %s is %v, want 1: another pattern was marked", key, c.sensitivity(key))
		}
	}
	if text := explained(t, b); !strings.Contains(text, a.Key+": sensitivity 0.34 after marks of operators") {
		t.Errorf("the explanation %q does not show the marks", text)
	}
	for range mostMarks {
		if err := b.d.Feedback(t.Context(), sdk.Mark{Anomaly: a, Right: true}); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.sensitivity(a.Key); got != 1 {
		t.Errorf("after as many right marks the sensitivity is %v, want 1", got)
	}
	if text := explained(t, b); strings.Contains(text, "marks") {
		t.Errorf("the explanation %q shows marks that were taken back", text)
	}
}

func TestMarksOutliveARestart(t *testing.T) {
	b, a := jump(t)
	if err := b.d.Feedback(t.Context(), sdk.Mark{Anomaly: a}); err != nil {
		t.Fatal(err)
	}
	state, err := b.d.SaveState()
	if err != nil {
		t.Fatal(err)
	}
	next := newBench(t, `warm_up = "1h"`)
	if err := next.d.LoadState(state); err != nil {
		t.Fatal(err)
	}
	if got := next.d.components["web"].sensitivity(a.Key); got != eachMark {
		t.Errorf("after a restart the sensitivity for %s is %v, want %v", a.Key, got, eachMark)
	}
}

func TestPatternMarkedWrongNeedsMore(t *testing.T) {
	b, a := jump(t)
	j := &judgement{d: b.d, c: b.d.components["web"]}
	before := j.threshold(a.Key)
	if err := b.d.Feedback(t.Context(), sdk.Mark{Anomaly: a}); err != nil {
		t.Fatal(err)
	}
	if got := j.threshold(a.Key); math.Abs(got*eachMark-before) > 1e-9 {
		t.Errorf("after a wrong mark the alarm is at %v, want %v", got, before/eachMark)
	}
}

func TestMarkOfWhatWasNeverReportedIsRefused(t *testing.T) {
	b, a := jump(t)
	for name, change := range map[string]func(a *sdk.Anomaly){
		"another component": func(a *sdk.Anomaly) { a.Component = "nobody" },
		"another signal":    func(a *sdk.Anomaly) { a.Signal = "unheard of" },
		"another pattern":   func(a *sdk.Anomaly) { a.Key = "unusual/latency/odd" },
		"a wrong forecast":  func(a *sdk.Anomaly) { a.Kind = KindForecast },
	} {
		m := sdk.Mark{Anomaly: a}
		change(&m.Anomaly)
		if b.d.Feedback(t.Context(), m) == nil {
			t.Errorf("a mark of %s was taken", name)
		}
	}
	c := b.d.components["web"]
	for i := range mostPatterns {
		c.marks[fmt.Sprint("p", i)] = 1
	}
	if b.d.Feedback(t.Context(), sdk.Mark{Anomaly: a}) == nil {
		t.Error("one mark more than are kept was taken")
	}
}

func TestForecastAndCombinationTakeMarks(t *testing.T) {
	b, _ := jump(t)
	for _, a := range []sdk.Anomaly{
		{Component: "web", Kind: KindForecast, Signal: "latency", Key: "forecast/latency"},
		{Component: "web", Kind: KindVector, Key: KindVector},
	} {
		if err := b.d.Feedback(t.Context(), sdk.Mark{Anomaly: a}); err != nil {
			t.Fatal(err)
		}
		if got := b.d.components["web"].sensitivity(a.Key); got != eachMark {
			t.Errorf("%s: sensitivity %v, want %v", a.Key, got, eachMark)
		}
	}
}

// TestHistoryIsAnsweredWithScoresBelowTheAlarmToo feeds history: every window gets
// one score, a jump one above all others and above one half.
func TestHistoryIsAnsweredWithScoresBelowTheAlarmToo(t *testing.T) {
	b := newBench(t, `warm_up = "1h"`)
	score := func(v map[string]float64) float64 {
		b.now = b.now.Add(10 * 1e9)
		w := b.window(v, nil)
		w.Reason = sdk.ReasonHistory
		found, err := b.d.Detect(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		last := found[len(found)-1]
		if last.Kind != sdk.AnomalyScore || !last.Ended {
			t.Fatalf("the last answer is %+v, want a score", last)
		}
		return last.Score
	}
	most, some := 0.0, 0
	for i := range 3000 {
		s := score(b.latency())
		if i > 1000 {
			most = max(most, s)
		}
		if s > 0 && s < 0.5 {
			some++
		}
	}
	// The step of the second is whole, and judged, when the third comes.
	jumped := 0.0
	for range 3 {
		jumped = max(jumped, score(map[string]float64{"latency": 0.84}))
	}
	if jumped <= most || jumped < 0.5 {
		t.Errorf("a jump scores %.3f, usual rows up to %.3f: want more, and at least one half", jumped, most)
	}
	if some < 2000 {
		t.Errorf("%d of 3000 usual rows have a score between 0 and one half, want most", some)
	}
}
