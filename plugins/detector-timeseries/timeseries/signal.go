package timeseries

import (
	"math"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-timeseries/forecast"
	"github.com/homeostat/homeostat/plugins/detector-timeseries/score"
	"github.com/homeostat/homeostat/sdk"
)

// signal is what is known of one signal. The fields of intake are saved.
type signal struct {
	intake
	series score.Series
	// fill and hours forecast a limit; both are nil for a signal that has none.
	fill  *forecast.Fill
	hours *hours
	// name, unit and limits come with each window.
	name, unit string
	bounds     *sdk.Range
}

// intake is where a signal stands between its samples.
type intake struct {
	// Seen is the time learnt so far, Last the time of the newest sample, in
	// milliseconds.
	Seen, Last int64
	// Bucket is the number of the step that is being averaged, Sum and Count what
	// is in it.
	Bucket int64
	Sum    float64
	Count  int
	// Mean is the value of the last whole step; Fresh is set when it is new to
	// the vector.
	Mean  float64
	Known bool
	// Raw is a counter's last value, Counted whether there is one.
	Raw     float64
	Counted bool
	// Level is how unusual the last step was, 0 to 1; one half is the alarm.
	Level float64
	// Calm counts the steps since the score was last high.
	Calm int
	// Due is when the open forecast says that the limit is reached, Unix seconds;
	// Hits and Misses count how forecasts ended.
	Due          int64
	Hits, Misses int
}

// series takes in the fresh samples of one signal and returns how long it has
// been learnt.
func (j *judgement) series(in sdk.Series) time.Duration {
	s := j.c.signals[in.Name]
	if s == nil {
		s = &signal{}
		j.c.signals[in.Name] = s
	}
	s.name, s.unit, s.bounds = in.Name, in.Unit, in.Range
	if in.Range != nil && in.Kind != sdk.Counter {
		s.series.Bound(in.Range.Min, in.Range.Max)
	}
	if s.fill == nil && fills(in) {
		s.fill, s.hours = &forecast.Fill{}, newHours()
	}
	for i := max(in.Fresh, 0); i < min(len(in.Times), len(in.Values)); i++ {
		if v, ok := s.value(in.Times[i], in.Values[i], in.Kind); ok {
			j.sample(s, in.Times[i], v)
		}
		s.Last = in.Times[i]
	}
	j.now = j.w.End.UnixMilli()
	return time.Duration(s.Seen) * time.Millisecond
}

// value is a gauge's value or a counter's growth per second. A reset, a sample
// without time and a number that is not finite are no value.
func (s *signal) value(at int64, v float64, kind sdk.Kind) (float64, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	if kind != sdk.Counter {
		return v, true
	}
	before, counted := s.Raw, s.Counted
	s.Raw, s.Counted = v, true
	passed := float64(at-s.Last) / 1000
	if !counted || v < before || passed <= 0 {
		return 0, false
	}
	return (v - before) / passed, true
}

// sample adds one value to its step; the first of a later step closes the one
// before. After a step back in time or a gap of many steps nothing is reported
// until the shapes have passed it.
func (j *judgement) sample(s *signal, at int64, v float64) {
	const gap = 30
	step := j.d.config.Step.Milliseconds()
	bucket := at / step
	switch {
	case s.Count == 0 && s.Seen == 0 && s.Last == 0:
	case bucket < s.Bucket:
		s.Sum, s.Count = 0, 0
		j.quiet(at)
	case bucket > s.Bucket:
		j.closeStep(s)
		passed := at - s.Last
		if usual := max(step, s.Seen/int64(max(1, s.series.Rows()))); passed > gap*usual {
			j.quiet(at)
		} else {
			s.Seen += passed
		}
	default:
		s.Seen += max(0, at-s.Last)
	}
	s.Bucket = bucket
	s.Sum += v
	s.Count++
	// A row that is further than a step from the last one is judged at once: no
	// other will join it.
	if at-s.Last >= step {
		j.closeStep(s)
	}
}

// closeStep judges the mean of the step that is whole.
func (j *judgement) closeStep(s *signal) {
	if s.Count == 0 {
		return
	}
	at := s.Bucket * j.d.config.Step.Milliseconds()
	s.Mean, s.Known = s.Sum/float64(s.Count), true
	s.Sum, s.Count = 0, 0
	j.now = at
	v := s.series.Add(at/1000, s.Mean)
	j.judge(s, v)
	if s.fill != nil {
		s.fill.Add(at/1000, s.Mean)
		s.hours.add(at/1000, s.Mean)
		j.forecast(s)
	}
}
