package logs

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-logs/burst"
	"github.com/homeostat/homeostat/plugins/detector-logs/meter"
	"github.com/homeostat/homeostat/plugins/detector-logs/template"
	"github.com/homeostat/homeostat/plugins/detector-logs/vector"
	"github.com/homeostat/homeostat/sdk"
)

const (
	// enoughMinutes is how many minutes a meter must have counted to be trusted,
	// enoughMixtures how many mixtures.
	enoughMinutes  = 30
	enoughMixtures = 120
	// farMixture is how far a mixture must be from all known, beyond twice what
	// is usual between them, and oddMinutes for how many minutes in a row.
	farMixture = 0.35
	oddMinutes = 2
	// learnOdd is after how many odd minutes they count as usual.
	learnOdd = 10
	// busyMean is how many lines a minute a component must log on average for
	// silence to mean something; leastQuiet how long silence is never reported.
	busyMean   = 2
	leastQuiet = 5 * time.Minute
	quietTimes = 3
	// burstLines is the least that counts as a burst of ordinary lines in a
	// minute, burstErrors of errors.
	burstLines  = 60
	burstErrors = 10
	// lateMinutes is how late a line may be; more means that the clock was set
	// back.
	lateMinutes = 2
)

// advance closes the minutes before the time. Lines that come late count for the
// minute that is going on.
func (j *judgement) advance(at time.Time) {
	minute := at.Unix() / 60
	p := j.p
	if p.Minute == 0 || minute < p.Minute-lateMinutes {
		p.skip(at) // also when the clock was set back and nobody said so
		p.Minute = minute
	}
	if minute <= p.Minute {
		return
	}
	end := time.Unix((p.Minute+1)*60, 0).UTC()
	j.mixture(end)
	j.rate(&p.Total, rate{end, "rate/lines", "lines", burstLines})
	j.rate(&p.Errors, rate{end, "rate/errors", "lines of level error", burstErrors})
	for _, id := range slices.Sorted(maps.Keys(p.Statements)) {
		s := p.Statements[id]
		if s.Rate.Now > 0 {
			j.rate(&s.Rate, rate{end, fmt.Sprintf("rate/%d", id), "lines like " + j.textOf(id), burstLines})
		}
	}
	p.Minute = minute
}

func (j *judgement) textOf(id template.ID) string {
	t, _ := j.d.miner.Template(id)
	return quote(t.Text)
}

// rate is what a meter counts.
type rate struct {
	end   time.Time
	key   string
	what  string
	least float64
}

// rate closes a meter's minute and reports a burst.
func (j *judgement) rate(m *meter.Meter, r rate) {
	count, mean, peak, trusted := m.Now, m.Mean, m.Peak, m.Minutes >= enoughMinutes
	sigmas := m.Close(j.p.Minute, r.least/j.d.config.Sensitivity)
	if sigmas == 0 || !trusted || !j.warm(r.end) {
		return
	}
	j.find(burst.Finding{
		At: r.end, Key: r.key, Kind: KindRate, Renews: true, Severity: sdk.SeverityLow, Score: min(1, 0.5+sigmas/200), Excess: count / max(meter.BurstFactor*peak, r.least),
		Text:     fmt.Sprintf("%.0f %s in a minute; usual are %.1f, at most %.0f", count, r.what, mean, peak),
		Evidence: sdk.Evidence{Value: count, High: peak, Unit: "lines per minute"},
	})
}

// mixture judges which statements came together in the minute, by the
// logarithms of their counts.
func (j *judgement) mixture(end time.Time) {
	p := j.p
	var v vector.Vector
	for _, id := range slices.Sorted(maps.Keys(p.Statements)) {
		if n := p.Statements[id].Rate.Now; n > 0 {
			v = append(v, vector.Count{Event: uint32(id), N: uint32(bits.Len64(uint64(n)))})
		}
	}
	if len(v) == 0 {
		return
	}
	limit := farMixture/j.d.config.Sensitivity + 2*p.model.Tolerance(0)
	far := p.model.Nearest(v)
	if p.model.Total() < enoughMixtures || far <= limit || !j.warm(end) {
		p.Odd = 0
		p.model.Learn(v)
		return
	}
	if p.Odd++; p.Odd > learnOdd {
		p.model.Learn(v)
	}
	if p.Odd < oddMinutes {
		return
	}
	j.find(burst.Finding{
		At: end, Key: "mixture", Kind: KindMixture, Severity: sdk.SeverityLow, Score: far, Excess: far / limit,
		Text:     fmt.Sprintf("%d kinds of lines in numbers that never came together; %.0f %% differ from the most similar minute of %d", len(v), 100*far, p.model.Total()),
		Evidence: sdk.Evidence{Value: far, High: limit, Unit: "share"},
	})
}

// silence reports a busy component that logs nothing any more.
func (j *judgement) silence() {
	p := j.p
	state := j.w.Status.State
	if state != sdk.StateUp && state != sdk.StateFailing || p.LastLine.IsZero() || !j.warm(j.w.End) {
		return
	}
	limit := max(leastQuiet, quietTimes*p.Quiet)
	quiet := j.w.End.Sub(p.LastLine)
	if p.Total.Minutes < 2*enoughMinutes || p.Total.Mean < busyMean/j.d.config.Sensitivity || quiet <= limit {
		return
	}
	j.find(burst.Finding{
		At: j.w.End, Key: "silence", Kind: KindRate, Renews: true, Severity: sdk.SeverityLow, Score: 0.7, Excess: float64(quiet) / float64(limit),
		Text:     fmt.Sprintf("no line for %s; usual are %.1f lines a minute and never more than %s without one", quiet.Round(time.Second), p.Total.Mean, p.Quiet.Round(time.Second)),
		Evidence: sdk.Evidence{Value: quiet.Seconds(), High: limit.Seconds(), Unit: "seconds"},
	})
}
