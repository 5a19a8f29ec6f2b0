// Package forecast looks ahead: when a growing value will reach its limit, and
// what a seasonal value will be next.
//
// It owns the two models and their memory: Fill for what fills up, Season for
// what comes again every day. It keeps no clock and takes times as values. Its
// types have a fixed size or one made at the start; they are used from one
// goroutine at a time.
package forecast

import (
	"slices"
	"time"
)

// Lengths of a Fill's memory. Two windows have to agree: the short one sees what
// is going on, the long one that it is no nightly job.
const (
	Short  = 3 * time.Hour
	Long   = 24 * time.Hour
	points = 36 // points kept of each window
)

// Fill forecasts when a value that grows reaches a limit. It keeps a point every
// five minutes of the last three hours and every forty of the last day, and
// draws the Theil–Sen line through each: the median of the slopes of all pairs,
// which a third of wild points does not move. The zero value is ready.
type Fill struct {
	Recent, Day trail
}

// trail is a ring of points at even distances.
type trail struct {
	N    uint32
	Last int64
	At   [points]int64
	V    [points]float64
}

func (t *trail) add(at int64, v float64, apart time.Duration) {
	if t.N > 0 && at-t.Last < int64(apart/time.Second) && at >= t.Last {
		return
	}
	if t.N > 0 && at < t.Last {
		*t = trail{}
	}
	t.At[t.N%points], t.V[t.N%points] = at, v
	t.N++
	t.Last = at
}

// Add takes in a value at a Unix time in seconds. Times may be as close as they
// like; a step back in time begins anew.
func (f *Fill) Add(unix int64, v float64) {
	f.Recent.add(unix, v, Short/points)
	f.Day.add(unix, v, Long/points)
}

// Reach is when a limit will be reached, seen from the newest value.
type Reach struct {
	// In is the time until then.
	In time.Duration
	// Give is how much sooner or later it may be: from the interquartile range of
	// the slopes.
	Give time.Duration
	// Rate is the growth in units a second.
	Rate float64
}

// Reaches tells when the value will be at the limit, and false when the two
// windows do not agree that it will be so within the horizon. Each window needs
// a third of its points, and the long one may say twice the horizon: a fill that
// began an hour ago does not show on a day's line as steeply as in the present.
func (f *Fill) Reaches(limit float64, horizon time.Duration) (Reach, bool) {
	const fewest, patience, steady = points / 3, 2, 0.6
	recent, ok := f.Recent.line()
	day, okDay := f.Day.line()
	if !ok || f.Recent.N < fewest || f.Recent.age() < Short/3 {
		return Reach{}, false
	}
	at := f.Recent.V[(f.Recent.N-1)%points]
	if at >= limit || recent.slope <= 0 || recent.rising < steady {
		return Reach{}, false
	}
	in := (limit - at) / recent.slope
	if in > horizon.Seconds() {
		return Reach{}, false
	}
	if okDay && f.Day.N >= fewest && (day.slope <= 0 || (limit-at)/day.slope > patience*horizon.Seconds()) {
		return Reach{}, false
	}
	give := in * (recent.high - recent.low) / (2 * recent.slope)
	return Reach{In: seconds(in), Give: seconds(min(give, in)), Rate: recent.slope}, true
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// age is the time between the oldest and the newest point.
func (t *trail) age() time.Duration {
	oldest := uint32(0)
	if t.N > points {
		oldest = t.N - points
	}
	return time.Duration(t.Last-t.At[oldest%points]) * time.Second
}

// line is a Theil–Sen line: the median slope, the quartiles of the slopes, and
// the share of them that rise.
type line struct{ slope, low, high, rising float64 }

func (t *trail) line() (line, bool) {
	n := int(min(t.N, points))
	var room [points * (points - 1) / 2]float64
	slopes, rising := room[:0], 0
	for i := range n {
		for j := range i {
			if span := t.At[i] - t.At[j]; span != 0 {
				s := (t.V[i] - t.V[j]) / float64(span)
				slopes = append(slopes, s)
				if s > 0 {
					rising++
				}
			}
		}
	}
	if len(slopes) == 0 {
		return line{}, false
	}
	slices.Sort(slopes)
	k := len(slopes)
	return line{slopes[k/2], slopes[k/4], slopes[3*k/4], float64(rising) / float64(k)}, true
}
