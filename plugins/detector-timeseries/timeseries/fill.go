package timeseries

import (
	"fmt"
	"strings"
	"time"

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
	reach, ok := s.fill.Reaches(s.bounds.Max, j.d.config.Horizon)
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
		j.begin(j.soon(s, reach.In, reach.Give))
	}
}

func (j *judgement) soon(s *signal, in, give time.Duration) sdk.Anomaly {
	const near, close = time.Hour, 6 * time.Hour
	severity := sdk.SeverityLow
	switch {
	case in < near:
		severity = sdk.SeverityHigh
	case in < close:
		severity = sdk.SeverityMedium
	}
	at := time.UnixMilli(j.now).UTC()
	record := ""
	if n := s.Hits + s.Misses; n > 0 {
		record = fmt.Sprintf("; %d of %d such forecasts came true", s.Hits, n)
	}
	return sdk.Anomaly{
		Key: KindForecast + "/" + s.name, Kind: KindForecast, Signal: s.name, Severity: severity, Start: at, End: at,
		Score: 1 - in.Seconds()/(2*j.d.config.Horizon.Seconds()),
		Summary: fmt.Sprintf("%s full in %s ± %s, at %s UTC: now %s of %s%s", s.name, span(in), span(give),
			at.Add(in).Format("15:04"), amount(s.Mean, s.unit), amount(s.bounds.Max, s.unit), record),
		Evidence: []sdk.Evidence{{Component: j.w.Component, Signal: s.name, Value: s.Mean, Low: s.bounds.Min, High: s.bounds.Max, Unit: s.unit}},
	}
}
