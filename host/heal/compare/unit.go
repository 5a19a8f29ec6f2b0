package compare

import (
	"cmp"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// Unit is one observation: an incident with the first remedy that was carried out
// for it. What was tried after that belongs to the consequences of the first.
type Unit struct {
	Incident, Component, Signature, Kind string
	// At is when the choice was made.
	At time.Time
	// Strategy was taken out of Offers.
	Strategy   string
	Offers     []record.Offer
	Experiment string
	// Running reports that the outcome of the remedy is not known yet, Healed that
	// it held through the hold time.
	Running, Healed bool
	// Opened is when the trouble began to count, Ended when it was over: healthy
	// again by a remedy that held, or ended by itself; zero while it lasts.
	Opened, Ended time.Time
	// Repair is from the opening to health by the first remedy, or to its failure; what
	// the strategy waited before it acted is in it.
	Repair time.Duration
}

// Read makes a unit of an incident; false where no remedy was carried out whose
// choice is recorded.
func Read(inc record.Incident) (Unit, bool) {
	n := slices.IndexFunc(inc.Recoveries, func(r record.Recovery) bool { return r.StartedAt != nil })
	if n < 0 || inc.Recoveries[n].Choice == nil {
		return Unit{}, false
	}
	rec := inc.Recoveries[n]
	u := Unit{
		Incident: inc.ID, Component: inc.Component, Signature: inc.Signature, Kind: inc.Kind(), At: rec.ProposedAt, Strategy: rec.Strategy,
		Offers: rec.Choice.Offers, Experiment: rec.Choice.Experiment, Opened: inc.Opened,
		Running: rec.EndedAt == nil, Healed: rec.Result == sdk.ResultHealed,
	}
	if inc.Resolved != nil {
		u.Ended = *inc.Resolved
	}
	for _, r := range inc.Recoveries[n:] {
		if r.Result == sdk.ResultHealed && r.HealthyAt != nil {
			u.Ended = *r.HealthyAt
			break
		}
	}
	switch {
	case u.Healed && rec.HealthyAt != nil:
		u.Repair = rec.HealthyAt.Sub(inc.Opened)
	case rec.EndedAt != nil:
		u.Repair = rec.EndedAt.Sub(inc.Opened)
	}
	return u, true
}

// inOrder sorts by the time of the choice. The outcome of an incident must have no
// influence on its place, or the intervals would not hold.
func inOrder(units []Unit) []Unit {
	return slices.SortedStableFunc(slices.Values(units), func(x, y Unit) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Incident, y.Incident))
	})
}

// wants reports whether a unit has to do with the query.
func (q Query) wants(u Unit) bool {
	if q.Component != "" && u.Component != q.Component || u.At.Before(q.Since) || q.Experiment != "" && u.Experiment != q.Experiment {
		return false
	}
	_, isArm := q.side(u.Strategy)
	return isArm || u.propensity(q.A) > 0 && u.propensity(q.B) > 0
}

// side is 0 for A and 1 for B.
func (q Query) side(strategy string) (int, bool) {
	switch strategy {
	case q.A:
		return 0, true
	case q.B:
		return 1, true
	}
	return 0, false
}

// Offered reports whether a strategy was on offer, or taken.
func (u Unit) Offered(strategy string) bool {
	return u.Strategy == strategy || slices.ContainsFunc(u.Offers, func(o record.Offer) bool { return o.Strategy == strategy })
}

func (u Unit) propensity(strategy string) float64 {
	return (&record.Choice{Offers: u.Offers}).Propensity(strategy)
}

// Downtime is how long the trouble of the unit lasted, in seconds as far as it
// counts; false while that is not known.
func (u Unit) Downtime(q Query) (float64, bool) { return u.seconds(q), u.over(q) }

// over reports that all that counts of it is known: its end, or that it has lasted
// as long as can count.
func (u Unit) over(q Query) bool {
	return !u.Running && (!u.Ended.IsZero() || q.Now.Sub(u.Opened) >= q.Longest)
}

// seconds is its downtime, as far as it counts.
func (u Unit) seconds(q Query) float64 {
	end := u.Ended
	if end.IsZero() {
		end = q.Now
	}
	return min(max(end.Sub(u.Opened), 0), q.Longest).Seconds()
}
