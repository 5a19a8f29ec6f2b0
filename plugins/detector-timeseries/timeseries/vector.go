package timeseries

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-timeseries/iforest"
	"github.com/homeostat/homeostat/sdk"
)

// KindVector is the kind of an anomaly of all signals of a component together.
const KindVector = "combination"

// Sizes of a vector's memory.
const (
	vectorRows  = 256
	vectorTrees = 50
	vectorGrow  = 128
)

// vector judges the signals of a component together. The rows are saved; the
// forest is grown again from them.
type vector struct {
	// Names are the columns, in order; other signals begin a new memory.
	Names []string
	// Rows are the values, row after row, a ring of vectorRows rows.
	Rows []float32
	// Added counts the rows that were put into the ring, Steps those that came.
	Added, Steps int
	// Step is the last step that was judged.
	Step int64
	// Grown is the number of added rows the forest was grown from.
	Grown int
	// Mean and Square are the smoothed score and the square of its distance to it.
	Mean, Square float64
	// Streak counts steps in a row that stood out, Calm those that did not.
	Streak, Calm int
	// Level is the last score on the scale on which one half is the alarm.
	Level float64

	forest *iforest.Forest
}

// together judges the newest whole step of all signals once.
func (j *judgement) together() {
	if !j.d.config.Vector {
		return
	}
	names := sortedNames(j.c.signals)
	names = slices.DeleteFunc(names, func(n string) bool { return !j.c.signals[n].Known })
	const fewest = 2
	if len(names) < fewest {
		return
	}
	v, row, bucket := &j.c.vector, make([]float32, len(names)), int64(0)
	for i, n := range names {
		s := j.c.signals[n]
		row[i] = float32(min(max(s.Mean, -math.MaxFloat32), math.MaxFloat32))
		bucket = max(bucket, s.Bucket)
	}
	if !slices.Equal(names, v.Names) {
		*v = vector{Names: names}
		j.end(KindVector, "the component has other signals now")
	}
	if bucket == v.Step {
		return
	}
	v.Step = bucket
	j.judgeTogether(row)
	v.learn(row)
}

// judgeTogether reports a row that is easily separated from the earlier ones for
// three steps in a row: a score of 0.6 says so in the paper's terms, and six
// standard deviations above the usual in the component's own.
func (j *judgement) judgeTogether(row []float32) {
	const standsOut, sigmas, rate, streak, calm = 0.6, 6, 0.01, 3, 18
	v := &j.c.vector
	if !v.ready(j.d.seed) {
		return
	}
	score := v.forest.Score(row)
	sensitivity := j.d.config.Sensitivity * j.c.sensitivity(KindVector)
	need := max(standsOut, v.Mean+sigmas*math.Sqrt(v.Square)/sensitivity)
	v.Level = min(1, score/(2*need))
	if v.Steps > vectorRows && score > need {
		v.Streak++
		v.Calm = 0
	} else {
		v.Streak = 0
		v.Calm++
		d := score - v.Mean
		if v.Mean == 0 {
			v.Mean, d = score, 0
		}
		v.Mean += rate * d
		v.Square += rate * (d*d - v.Square)
	}
	_, open := j.c.open[KindVector]
	switch {
	case open && v.Calm >= calm:
		j.end(KindVector, "the signals together are as usual again")
	case v.Streak >= streak && j.mayReport() && j.warm():
		j.begin(KindVector, j.combination(row, score, need))
	}
}

func (j *judgement) warm() bool {
	for _, s := range j.c.signals {
		if s.Known && s.Seen < j.d.config.WarmUp.Milliseconds() {
			return false
		}
	}
	return true
}

// ready grows the forest when there are enough rows, and again when half of them
// have been replaced.
func (v *vector) ready(seed uint64) bool {
	if v.Added < vectorRows {
		return false
	}
	old := v.Grown == 0 || v.Added-v.Grown >= vectorRows/2
	if v.forest != nil && !old {
		return true
	}
	if old {
		v.Grown = v.Added
	}
	f, err := iforest.Fit(iforest.Matrix{Values: v.Rows, Columns: len(v.Names)},
		iforest.Options{Trees: vectorTrees, Sample: vectorGrow, Seed: seed})
	v.forest = f
	return err == nil
}

// learn puts a row into the ring: every one at first, later every 34th, so that
// the ring spans a day of steps of ten seconds.
func (v *vector) learn(row []float32) {
	const every = 34
	v.Steps++
	if v.Steps > vectorRows && v.Steps%every != 0 {
		return
	}
	if v.Added < vectorRows {
		v.Rows = append(v.Rows, row...)
	} else {
		copy(v.Rows[v.Added%vectorRows*len(row):], row)
	}
	v.Added++
}

// part is one signal's share in an unusual combination.
type part struct {
	name             string
	value, low, high float64
	far              float64
}

// combination names the signals that are furthest out of their own range, in
// units of the distance of their quartiles.
func (j *judgement) combination(row []float32, score, need float64) sdk.Anomaly {
	v := &j.c.vector
	parts := make([]part, len(row))
	column := make([]float64, vectorRows)
	for i, x := range row {
		for r := range column {
			column[r] = float64(v.Rows[r*len(row)+i])
		}
		slices.Sort(column)
		p := part{name: v.Names[i], value: float64(x), low: column[vectorRows/20], high: column[vectorRows-1-vectorRows/20]}
		middle, spread := column[vectorRows/2], column[3*vectorRows/4]-column[vectorRows/4]
		p.far = math.Abs(p.value-middle) / max(spread, 0.02*math.Abs(middle), 1e-9)
		parts[i] = p
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.far, a.far) })
	const most = 3
	parts = parts[:min(most, len(parts))]
	a := sdk.Anomaly{Key: KindVector, Kind: KindVector, Severity: sdk.SeverityLow, Score: min(score, 1),
		Start: time.UnixMilli(j.now).UTC(), End: time.UnixMilli(j.now).UTC()}
	var words []string
	for _, p := range parts {
		unit := j.c.signals[p.name].unit
		words = append(words, fmt.Sprintf("%s %s (usual %s to %s)", p.name, amount(p.value, unit), amount(p.low, unit), amount(p.high, unit)))
		a.Evidence = append(a.Evidence, sdk.Evidence{Component: j.w.Component, Signal: p.name, Value: p.value, Low: p.low, High: p.high, Unit: unit})
	}
	a.Summary = fmt.Sprintf("the signals together are unusual: %s; isolation score %.2f, alarm from %.2f", strings.Join(words, ", "), score, need)
	return a
}
