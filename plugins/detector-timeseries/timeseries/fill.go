package timeseries

import (
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-timeseries/forecast"
	"github.com/homeostat/homeostat/sdk"
)

// KindForecast is the kind of an anomaly that has not happened yet.
const KindForecast = "forecast"

// fills reports whether a signal is one that fills up: it has a known most, and
// counts what is used of something that does not come back by itself.
func fills(s sdk.Series) bool {
	if s.Range == nil || s.Kind == sdk.Counter {
		return false
	}
	return strings.Contains(s.Name, "used") || strings.HasPrefix(s.Name, "rss") || strings.Contains(s.Name, "memory_usage")
}

// forecast opens, renews or withdraws the forecast of a signal, and counts how
// the earlier ones ended.
func (j *judgement) forecast(s *signal) {
	const full = 0.99
	key, unix := KindForecast+"/"+s.name, j.now/1000
	if s.bounds == nil {
		return
	}
	horizon := time.Duration(float64(j.d.config.Horizon) * j.c.sensitivity(key))
	reach, ok := s.fill.Reaches(s.bounds.Max, horizon)
	how := "at the present rate"
	if !ok || s.hours.explains(s.Mean) {
		reach, ok = s.hours.reaches(s.bounds.Max, unix, horizon)
		how = "as it does at that hour"
	}
	_, open := j.c.open[key]
	switch {
	case open && s.Mean >= full*s.bounds.Max:
		s.Hits++
		j.end(key, fmt.Sprintf("%s has reached its limit of %s", s.name, amount(s.bounds.Max, s.unit)))
	case open && !ok:
		if s.Due < unix {
			s.Misses++
		}
		j.end(key, fmt.Sprintf("%s no longer grows towards its limit", s.name))
	case ok && j.mayReport():
		s.Due = unix + int64((reach.In+reach.Give)/time.Second)
		j.begin(key, j.soon(s, reach, how))
	}
}

func (j *judgement) soon(s *signal, reach forecast.Reach, how string) sdk.Anomaly {
	at := time.UnixMilli(j.now).UTC()
	record := ""
	if n := s.Hits + s.Misses; n > 0 {
		record = fmt.Sprintf("; %d of %d such forecasts came true", s.Hits, n)
	}
	return sdk.Anomaly{
		Key: KindForecast + "/" + s.name, Kind: KindForecast, Signal: s.name, Severity: s.urgency(reach.In), Start: at, End: at,
		Score: 1 - reach.In.Seconds()/(2*j.d.config.Horizon.Seconds()),
		Summary: fmt.Sprintf("%s full in %s ± %s, at %s UTC, %s: now %s of %s%s", s.name, span(reach.In), span(reach.Give),
			at.Add(reach.In).Format("15:04"), how, amount(s.Mean, s.unit), amount(s.bounds.Max, s.unit), record),
		Evidence: []sdk.Evidence{{Component: j.w.Component, Signal: s.name, Value: s.Mean, Low: s.bounds.Min, High: s.bounds.Max, Unit: s.unit}},
	}
}

// urgency is the severity of a limit that is reached so soon, one step lower
// where most forecasts of the signal did not come true.
func (s *signal) urgency(in time.Duration) sdk.Severity {
	const near, close, fewest = time.Hour, 6 * time.Hour, 3
	severity := sdk.SeverityLow
	switch {
	case in < near:
		severity = sdk.SeverityHigh
	case in < close:
		severity = sdk.SeverityMedium
	}
	if severity > sdk.SeverityLow && s.Hits+s.Misses >= fewest && s.Hits < s.Misses {
		severity--
	}
	return severity
}
