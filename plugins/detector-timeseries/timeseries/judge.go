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
	need, key := j.threshold(s), KindUnusual+"/"+s.name
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
	j.begin(j.unusual(s, v, need))
}

func (j *judgement) unusual(s *signal, v score.Verdict, need float64) sdk.Anomaly {
	at := time.UnixMilli(j.now).UTC()
	since := at
	if old, open := j.c.open[KindUnusual+"/"+s.name]; open {
		since = old.Start
	}
	deviation := s.deviation(v)
	lasting := ""
	if d := at.Sub(since); d > 0 {
		lasting = ", for " + span(d)
	}
	return sdk.Anomaly{
		Key: KindUnusual + "/" + s.name, Kind: KindUnusual, Signal: s.name, Start: since, End: at,
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
	score.Shape1x16: "the last 16 steps have no likeness before", score.Shape12x4: "the last 48 steps have no likeness before",
	score.Shape12x8: "the last 96 steps have no likeness before", score.Low: "it is very low",
	score.Flat: "it is unusually flat", score.Jump: "it jumped",
}

// reasons names the two features that say most.
func reasons(v score.Verdict) string {
	first, second := 0, -1
	for i := 1; i < score.Features; i++ {
		switch {
		case v.Surprise[i] > v.Surprise[first]:
			first, second = i, first
		case second < 0 || v.Surprise[i] > v.Surprise[second]:
			second = i
		}
	}
	return because[first] + " and " + because[second]
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
