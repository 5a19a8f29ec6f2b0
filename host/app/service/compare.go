package service

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/contest"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/host/heal/choice"
	"github.com/homeostat/homeostat/host/heal/compare"
	"github.com/homeostat/homeostat/host/heal/experiment"
	"github.com/homeostat/homeostat/host/heal/replay"
)

// Compare compares two strategies.
func (s Strategies) Compare(ctx context.Context, q contest.Query) (contest.Comparison, error) {
	for _, name := range []string{q.A, q.B} {
		if no := s.comparable(name); no != nil {
			return contest.Comparison{}, no
		}
	}
	if err := s.Healer.CheckComponent(q.Component); err != nil {
		return contest.Comparison{}, &api.Problem{Status: http.StatusUnprocessableEntity, Detail: err.Error(), Hint: "see `homeostat component list`"}
	}
	found, err := s.Healer.Compare(ctx, heal.CompareQuery{A: q.A, B: q.B, Component: q.Component, Since: q.Since, Longest: q.Longest, Rounds: q.Rounds})
	if err != nil {
		return contest.Comparison{}, problem(err)
	}
	return comparison(q, found), nil
}

// comparable says why a name cannot be compared: nothing was ever asked by it.
func (s Strategies) comparable(name string) error {
	all := s.Configured()
	switch {
	case name == choice.HandOver:
		return &api.Problem{Status: http.StatusUnprocessableEntity, Detail: "hand_over calls a person, whom nobody compares with a strategy"}
	case slices.Contains(all, name) || s.Healer.Chose(name):
		return nil
	}
	return &api.Problem{
		Status: http.StatusUnprocessableEntity, Detail: fmt.Sprintf("there is no strategy %q, and there was none", name),
		Hint: "there are " + strings.Join(all, ", "),
	}
}

func comparison(q contest.Query, c heal.Comparison) contest.Comparison {
	out := contest.Comparison{
		Verdict: c.Verdict(), State: "not_comparable", Component: q.Component, A: arm(c.A), B: arm(c.B),
		Compared: c.Compared, Certain: c.Certain, Rare: c.Rare, Pending: c.Pending, Needed: c.Needed, Longest: c.Query.Longest.Seconds(),
		Downtime: difference(c.Downtime), Healed: difference(c.Healed), Unplayed: c.Unplayed,
	}
	if !q.Since.IsZero() {
		out.Since = &q.Since
	}
	switch {
	case c.Decided():
		out.State = "decided"
	case c.Compared > 0:
		out.State = "not_decided"
	}
	if r := c.Replay; r != nil {
		out.Replay = &contest.Replay{
			Incidents: r.Incidents, Rounds: r.Rounds, Seed: r.Seed, DowntimeA: r.DowntimeA.Seconds(), DowntimeB: r.DowntimeB.Seconds(),
			Downtime: played(r.Downtime), Healed: played(r.Healed), Low: r.Low, High: r.High, SoonerA: r.SoonerA, SoonerB: r.SoonerB,
		}
	}
	return out
}

func arm(a compare.Arm) contest.Arm {
	return contest.Arm{
		Strategy: a.Strategy, Chosen: a.Chosen, Healed: a.Healed, Compared: a.Compared, Effective: a.Effective, Downtime: a.Downtime.Seconds(),
	}
}

func difference(e compare.Effect) contest.Difference {
	return contest.Difference{Difference: e.Difference, Low: e.Low, High: e.High}
}

func played(e replay.Effect) contest.Difference {
	return contest.Difference{Difference: e.Difference, Low: e.Low, High: e.High}
}

// Experiments lists experiments, newest first.
func (s Strategies) Experiments() []contest.Experiment {
	units, now := s.Healer.Units(), time.Now()
	return convert(s.Healer.Experiments(), func(e experiment.State) contest.Experiment {
		e = e.Judge(units, now) // its time may be over since the last incident
		result := compare.Compare(e.Query(now), units)
		out := contest.Experiment{
			ID: e.ID, Name: e.Name, A: e.A, B: e.B, Share: e.Share, Components: e.Components, MaxIncidents: e.MaxIncidents,
			Until: e.Begun.Add(e.MaxTime), Begun: e.Begun, Ended: e.Ended, Outcome: string(e.Outcome), Text: e.Why,
			Compared: result.Compared, Seed: e.Seed,
		}
		if e.Ended == nil {
			out.Text = result.Verdict()
		}
		return out
	})
}
