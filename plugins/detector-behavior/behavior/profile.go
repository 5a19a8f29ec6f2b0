package behavior

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-behavior/pca"
	"github.com/homeostat/homeostat/sdk"
)

// profile is what is known of one component. The exported fields are saved.
type profile struct {
	Component string
	Signals   []signal
	Units     []string
	// Moments are learnt row by row; Basis is what they were when the model was
	// made.
	Moments pca.Moments
	Basis   pca.Moments
	Scorer  pca.Scorer
	Levels  levels
	// Seen is the time of the first row, Last that of the newest.
	Seen, Last time.Time
	// Watched is how long rows have been learnt.
	Watched time.Duration
	// Rows counts the learnt rows, Next is the count at which the model is made
	// anew.
	Rows, Next int
	// Generation and Quiet: see upset.
	Generation uint64
	Quiet      time.Time
	Counters   map[signal]counted
	// Tolerated are factors on the threshold by the signal that stands out, from
	// an operator's marks.
	Tolerated map[string]float64
	Alarm     alarm
	Recent    []recent

	model *pca.Model
	index map[signal]int
	row   row
	// score and values are those of the newest row.
	score  pca.Score
	values []float64
}

// recent is a row of the last half hour, for the ranking.
type recent struct {
	At     int64 // Unix milliseconds
	Values []float32
}

const (
	// leastRows is the fewest rows that a component is judged after.
	leastRows = 60
	// regrowth is by how much the number of rows grows between two models, and
	// mostBetween the most rows between them.
	regrowth    = 1.25
	mostBetween = 720
	recentRows  = 60
)

func newProfile(component string, c Config) *profile {
	p := &profile{Component: component, Moments: pca.Moments{Memory: int(c.Memory / c.Step)}}
	p.prepare()
	return p
}

// prepare makes what is not saved.
func (p *profile) prepare() {
	p.index = map[signal]int{}
	for i, s := range p.Signals {
		p.index[s] = i
	}
	if p.Counters == nil {
		p.Counters = map[signal]counted{}
	}
	if p.Tolerated == nil {
		p.Tolerated = map[string]float64{}
	}
}

// ready reports whether enough is known to judge.
func (p *profile) ready(c Config) bool {
	return p.model != nil && p.Rows >= leastRows && p.Watched >= c.Warmup
}

// learn takes a row into the profile and makes a new model when it is time.
func (p *profile) learn(values []float64, now time.Time) {
	if p.Seen.IsZero() {
		p.Seen = now
	}
	p.remember(values, now)
	p.Watched = max(p.Watched, now.Sub(p.Seen))
	p.Moments.Add(values)
	p.Rows++
	if p.Rows >= max(p.Next, leastRows) {
		p.remodel()
	}
}

func (p *profile) remember(values []float64, now time.Time) {
	p.Last = now
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	if len(p.Recent) >= recentRows {
		p.Recent = slices.Delete(p.Recent, 0, len(p.Recent)-recentRows+1)
	}
	p.Recent = append(p.Recent, recent{now.UnixMilli(), narrow})
}

// remodel makes the model anew.
func (p *profile) remodel() {
	model, err := p.Moments.Model()
	if err != nil {
		return // too few rows yet
	}
	p.Scorer.Rebase(p.model, model)
	p.model, p.Basis = model, p.Moments.Clone()
	p.Next = min(int(float64(p.Rows)*regrowth), p.Rows+mostBetween)
}

// trust keeps the model of a training until as much has been seen again.
func (p *profile) trust() {
	p.remodel()
	p.Next = 2 * p.Rows
}

// calibrate notes how unusual a row of the training was.
func (p *profile) calibrate(values []float64) {
	if p.model != nil {
		p.Levels.add(p.Scorer.Score(p.model, values).Level)
	}
}

// A row is learnt only where it is ordinary, that is not above ordinary nor above
// the level that a twentieth of the rows exceeds: a fault that grows slowly must
// not teach the profile. All levels are noted, so that the bound follows where
// this is how it is from now on. The fixed bound keeps the profile from learning
// an ever narrower core.
const (
	ordinary      = 3.0
	ordinaryShare = 0.95
)

// present is the share of the threshold that a row itself must reach: the
// smoothed level of one wild row stays high for a while.
const present = 0.5

// judge scores a row. It is learnt too, unless it is not ordinary or an alarm is
// on that is younger than what is accepted as the new usual.
func (p *profile) judge(values []float64, now time.Time, c Config) {
	p.values, p.score = values, p.Scorer.Score(p.model, values)
	threshold := p.threshold(c)
	p.Alarm.update(p.score.Level >= threshold && p.score.Fit >= present*threshold, now)
	alarmed := !p.Alarm.Since.IsZero()
	accepted := alarmed && now.Sub(p.Alarm.Since) >= c.Accept
	if !alarmed || accepted {
		p.Levels.add(p.score.Level)
	}
	if !accepted && (alarmed || p.score.Level > max(ordinary, p.Levels.quantile(ordinaryShare))) {
		p.remember(values, now)
		return
	}
	score := p.score
	p.learn(values, now)
	p.score = score
}

// The threshold is margin times the level that a thousandth of the usual rows
// exceeds, and never below leastLevel.
const (
	rare       = 0.999
	margin     = 1.0
	leastLevel = 6.0
	// youth raises the threshold while few levels are known: by it over their
	// number, so that a day of rows (2,880) adds a tenth.
	youth = 300.0
)

func (p *profile) threshold(c Config) float64 {
	t := max(leastLevel, margin*p.Levels.quantile(rare)) / c.Sensitivity
	t *= 1 + youth/(1+float64(p.Levels.Total))
	if top := p.foremost(1); len(top) > 0 {
		if f, marked := p.Tolerated[p.Signals[top[0]].Name]; marked {
			t *= f
		}
	}
	return t
}

// foremost returns the n signals with the largest part in the newest row's
// residual, largest first.
func (p *profile) foremost(n int) []int {
	order := make([]int, 0, len(p.score.Share))
	for i, share := range p.score.Share {
		if share > 0 && i < len(p.values) && !math.IsNaN(p.values[i]) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := p.score.Share[a], p.score.Share[b]; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return order[:min(n, len(order))]
}

// half is the level that scores 0.5: a fixed one, so that scores of one series
// can be compared.
const half = 10.0

// scored is the answer to a row of history.
func (p *profile) scored(w sdk.Window) sdk.Anomaly {
	a := sdk.Anomaly{Key: sdk.AnomalyScore, Kind: sdk.AnomalyScore, Score: p.score.Level / (p.score.Level + half), Ended: true}
	if top := p.foremost(1); len(top) > 0 {
		a.Signal = p.Signals[top[0]].Name
	}
	return a.WithDefaults(w)
}

func (p *profile) explain(c Config) string {
	if !p.ready(c) {
		return fmt.Sprintf("learning %s, %v of %v and %d of at least %d rows of %d signals",
			p.Component, p.Watched.Round(time.Second), c.Warmup, p.Rows, leastRows, len(p.Signals))
	}
	text := fmt.Sprintf("%s has %d signals; %d rows were learnt since %s; alarm at %.1f times the usual misfit, now %.1f",
		p.Component, len(p.Signals), p.Rows, p.Seen.UTC().Format(time.DateTime), p.threshold(c), p.score.Level)
	for _, s := range p.Signals {
		if f, marked := p.Tolerated[s.Name]; marked && s.Component == p.Component {
			text += fmt.Sprintf("; %s is allowed %.2f times as much, by an operator's marks", s.Name, f)
		}
	}
	return text
}

// levels is a histogram of levels on a logarithmic scale. Old ones fade.
type levels struct {
	Counts [64]float32
	Total  float32
}

const (
	lowestLevel = 0.05
	perDecade   = 10
	fadeAt      = 50_000
)

func (l *levels) add(level float64) {
	at := perDecade * math.Log10(max(level, lowestLevel)/lowestLevel)
	l.Counts[min(int(at), len(l.Counts)-1)]++
	l.Total++
	if l.Total < fadeAt {
		return
	}
	l.Total = 0
	for i := range l.Counts {
		l.Counts[i] /= 2
		l.Total += l.Counts[i]
	}
}

// quantile returns the upper end of the bucket in which the quantile lies, 0
// without levels.
func (l *levels) quantile(q float64) float64 {
	left := float64(l.Total) * q
	for i, n := range l.Counts {
		if left -= float64(n); left < 0 {
			return lowestLevel * math.Pow(10, float64(i+1)/perDecade)
		}
	}
	return 0
}
