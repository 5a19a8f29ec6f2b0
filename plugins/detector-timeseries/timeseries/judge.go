package timeseries

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-timeseries/score"
	"github.com/homeostat/homeostat/sdk"
)

// KindUnusual is the kind of an anomaly of one signal.
const KindUnusual = "unusual"

// judge decides whether a step begins, continues or ends an anomaly.
func (j *judgement) judge(s *signal, v score.Verdict) {
	const calm = 18
	key := unusualKey(s.name)
	pattern := key + "/" + patterns[leading(v)]
	need := j.threshold(pattern)
	s.Level = level(v, need)
	_, open := j.c.open[key]
	if v.Score >= need/2 {
		s.Calm = 0
	} else {
		s.Calm++
	}
	if open && s.Calm >= calm {
		j.end(key, fmt.Sprintf("%s is as usual again: %s", s.name, amount(s.Mean, s.unit)))
		return
	}
	warm := s.Seen >= j.d.config.WarmUp.Milliseconds()
	if v.New < need && !(open && v.Score >= need) || !warm || !j.mayReport() {
		return
	}
	a := j.unusual(s, v, need)
	a.Key = pattern
	j.begin(key, a)
}

// unusualKey is under which a signal's anomaly is open; its own key has the
// pattern behind it.
func unusualKey(name string) string { return KindUnusual + "/" + name }

// level maps a verdict to 0..1 for who tunes: from one half on a new alarm, below
// it whatever else, in its order.
func level(v score.Verdict, need float64) float64 {
	const below = 0.49
	if v.New > 0 {
		return certainty(v.New, need)
	}
	return min(certainty(v.Score, need), below)
}

func (j *judgement) unusual(s *signal, v score.Verdict, need float64) sdk.Anomaly {
	at := time.UnixMilli(j.now).UTC()
	since := at
	if old, open := j.c.open[unusualKey(s.name)]; open {
		since = old.Start
	}
	deviation := s.deviation(v)
	lasting := ""
	if d := at.Sub(since); d > 0 {
		lasting = ", for " + span(d)
	}
	return sdk.Anomaly{
		Kind: KindUnusual, Signal: s.name, Start: since, End: at,
		Score: certainty(v.Score, need), Severity: severity(deviation, at.Sub(since)),
		Summary: fmt.Sprintf("%s %s; usual at this hour %s to %s%s; %s (surprise %.1f, alarm from %.1f)",
			s.name, amount(s.Mean, s.unit), amount(v.Low, s.unit), amount(v.High, s.unit), lasting, reasons(v), v.Score, need),
		Evidence: []sdk.Evidence{
			{Component: j.w.Component, Signal: s.name, Value: s.Mean, Low: v.Low, High: v.High, Unit: s.unit, Text: "this step beside what is usual at this hour"},
			{Component: j.w.Component, Signal: s.name, Value: v.Score, Low: 0, High: need, Text: "sum of surprises, −log10 of probabilities"},
		},
	}
}

// certainty maps a sum of surprises to 0..1 so that the alarm is at one half.
func certainty(sum, need float64) float64 { return 1 - math.Exp2(-sum/need) }

// deviation is a robust z-score: how far the step is outside the usual band, in
// units of 1.48 times the median of such distances.
func (s *signal) deviation(v score.Verdict) float64 {
	const consistency = 1.4826
	usual := consistency * s.series.TypicalDistance()
	out := max(s.Mean-v.High, v.Low-s.Mean, 0)
	if usual <= 0 {
		usual = 0.02 * max(math.Abs(v.Low), math.Abs(v.High))
	}
	if out == 0 || usual == 0 {
		return 0
	}
	return out / usual
}

// severity is low, and medium for what is far out and lasts: no statistics alone
// make data at risk, so high is left to forecasts of a limit.
func severity(deviation float64, lasting time.Duration) sdk.Severity {
	const far, long = 20, 5 * time.Minute
	if deviation >= far && lasting >= long {
		return sdk.SeverityMedium
	}
	return sdk.SeverityLow
}

var because = [score.Features]string{
	score.TimeOfDay: "the value does not belong to this time of day", score.TimeOfDay6: "nor do the last six",
	score.Shape12x4: "the last 48 steps have no likeness before",
	score.Order1x12: "the last 12 steps do not follow as they use to", score.Order6: "the last six steps do not follow on those before as usual",
	score.Order6x4: "the last 24 steps do not follow as they use to", score.Order6Fast: "the last six steps break with those before",
	score.Low: "it is very low", score.Jump: "it jumped",
}

// patterns are the names of what leads in an anomaly: the last part of its key.
var patterns = [score.Features]string{
	score.TimeOfDay: "time_of_day", score.TimeOfDay6: "time_of_day", score.Shape12x4: "shape", score.Order1x12: "order",
	score.Order6: "order", score.Order6x4: "order", score.Order6Fast: "order", score.Low: "low", score.Jump: "jump",
}

// leading is the feature that says most.
func leading(v score.Verdict) int {
	first := 0
	for i, x := range v.Surprise {
		if x > v.Surprise[first] {
			first = i
		}
	}
	return first
}

// reasons names the two features that say most.
func reasons(v score.Verdict) string {
	first := leading(v)
	v.Surprise[first] = -1
	return because[first] + " and " + because[leading(v)]
}

// amount writes a value with its unit, short enough to be read.
func amount(v float64, unit string) string {
	switch unit {
	case "percent":
		return fmt.Sprintf("%.4g %%", v)
	case "seconds":
		if math.Abs(v) < 1 {
			return fmt.Sprintf("%.4g ms", v*1000)
		}
		return fmt.Sprintf("%.4g s", v)
	case "bytes":
		const kilo = 1024.0
		units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
		k := 0
		for math.Abs(v) >= kilo && k+1 < len(units) {
			v, k = v/kilo, k+1
		}
		return fmt.Sprintf("%.4g %s", v, units[k])
	}
	return strings.TrimSpace(fmt.Sprintf("%.4g %s", v, unit))
}

// span writes a duration as people say it.
func span(d time.Duration) string {
	h, m := int(d.Hours()), int(d.Minutes())
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case h == 0:
		return fmt.Sprintf("%d min", m)
	case m%60 == 0:
		return fmt.Sprintf("%d h", h)
	}
	return fmt.Sprintf("%d h %d min", h, m%60)
}
