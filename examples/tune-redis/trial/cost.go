package trial

import (
	"math"
	"time"

	"github.com/homeostat/homeostat/examples/harness/daemon"
)

// Cost is what one drift has cost the users, with the quiet after it: the seconds in
// which they were not well, and what was in force in them.
type Cost struct {
	Drift    string `json:"drift"`
	Downtime int    `json:"downtime_s"`
	// Untried are those before a remedy began, Wrong those since one began that did not
	// heal, and Right those since the one that did.
	Untried int `json:"untried_s"`
	Wrong   int `json:"wrong_s"`
	Right   int `json:"right_s"`
}

// costs divides the downtime among the drifts.
func costs(samples []sample, all []daemon.Recovery) []Cost {
	var out []Cost
	var from time.Time
	for _, s := range samples {
		if s.phase.drifted && !s.phase.from.Equal(from) {
			from = s.phase.from
			out = append(out, Cost{Drift: s.phase.name})
		}
		if s.wrong == "" || len(out) == 0 {
			continue
		}
		c := &out[len(out)-1]
		c.Downtime++
		switch result(all, from, s.at) {
		case "":
			c.Untried++
		case healed:
			c.Right++
		default:
			c.Wrong++
		}
	}
	return out
}

// result is that of the last remedy that began between two instants; empty for none.
func result(all []daemon.Recovery, from, to time.Time) string {
	var last daemon.Recovery
	for _, r := range all {
		if r.StartedAt == nil || r.StartedAt.Before(from) || r.StartedAt.After(to) {
			continue
		}
		if last.StartedAt == nil || r.StartedAt.After(*last.StartedAt) {
			last = r
		}
	}
	return last.Result
}

// Sum adds up the rows of each way over several streams. The 99th percentiles are
// means over the streams.
func Sum(rows []Row) []Row {
	var out []Row
	place := map[string]int{}
	for _, r := range rows {
		n, known := place[r.Way]
		if !known {
			place[r.Way] = len(out)
			r.Streams = 1
			out = append(out, r)
			continue
		}
		out[n].add(r)
	}
	return out
}

// add adds one more stream.
func (r *Row) add(o Row) {
	before := float64(r.Streams)
	for _, one := range []struct{ sum, more *float64 }{{&r.Before, &o.Before}, {&r.During, &o.During}, {&r.After, &o.After}} {
		*one.sum = (*one.sum*before + *one.more) / (before + 1)
	}
	r.Streams++
	r.Downtime, r.Seconds = r.Downtime+o.Downtime, r.Seconds+o.Seconds
	r.Trials, r.Healed, r.Evaluations = r.Trials+o.Trials, r.Healed+o.Healed, r.Evaluations+o.Evaluations
	r.Outside, r.Broke = r.Outside+o.Outside, r.Broke+o.Broke
	r.Judged, r.Timeline, r.Drifts = append(r.Judged, o.Judged...), append(r.Timeline, o.Timeline...), append(r.Drifts, o.Drifts...)
}

// Total is the cost of all drifts together.
func (r Row) Total() Cost {
	var t Cost
	for _, c := range r.Drifts {
		t.Downtime, t.Untried, t.Wrong, t.Right = t.Downtime+c.Downtime, t.Untried+c.Untried, t.Wrong+c.Wrong, t.Right+c.Right
	}
	return t
}

// Each is the mean downtime of a drift and its standard deviation, in seconds; the
// latter is 0 for fewer than two.
func (r Row) Each() (mean, deviation float64) {
	n := float64(len(r.Drifts))
	if n == 0 {
		return 0, 0
	}
	mean = float64(r.Total().Downtime) / n
	for _, c := range r.Drifts {
		d := float64(c.Downtime) - mean
		deviation += d * d
	}
	return mean, math.Sqrt(deviation / max(n-1, 1))
}
