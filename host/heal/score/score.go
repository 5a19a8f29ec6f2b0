// Package score keeps the scoreboard: how the decisions of each strategy have
// turned out for each component, carried out or only recorded.
//
// It owns what counts as a false action, how minutes saved are reckoned, and the
// bar for promotion. It decides nothing: whoever promotes asks it. It is pure:
// everything comes from the incidents' records, so that nothing is counted
// twice. One goroutine uses a Book at a time.
package score

import (
	"cmp"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

const (
	// Vain is how soon trouble has to pass by itself after a decision for its
	// action to have been, or to be, in vain: a restart takes about as long.
	Vain = 30 * time.Second
	// Alone is how long trouble is taken to last without a remedy while fewer
	// than leastAlone of a component have been seen: until a person who is called
	// has looked.
	Alone      = 15 * time.Minute
	leastAlone = 3
)

// MaxIncidents bounds what is counted: the newest.
const MaxIncidents = 5000

// Row is the record of one strategy with one component.
type Row struct {
	Strategy  string
	Component string
	// Tried were carried out; Healed and Failed are among them. The rest was
	// ended by the host or is under way.
	Tried  int
	Healed int
	Failed int
	// Recorded were decided in learning mode and not carried out.
	Recorded int
	// Rejected were not allowed by a person.
	Rejected int
	// False were not needed or did harm: the trouble passed by itself within Vain,
	// the host was worse for it, or a person said no.
	False int
	// Saved is by how much shorter the trouble was than it is without a remedy;
	// Saveable is what the recorded ones would have saved, at most.
	Saved    time.Duration
	Saveable time.Duration
	// First and Last are when the first and the last of these were decided.
	First, Last time.Time
}

// Decisions are all that were judged.
func (r Row) Decisions() int { return r.Tried + r.Recorded + r.Rejected }

// Book counts incidents. The zero value is empty.
type Book struct {
	incidents map[string]sheet
	order     []string
}

// sheet is what one incident says.
type sheet struct {
	component string
	// alone is how long it lasted, where no remedy ended it; zero otherwise.
	alone     time.Duration
	decisions []decision
}

type decision struct {
	strategy, component string
	at                  time.Time
	result              sdk.Result
	vain                bool
	down                time.Duration // until it was healthy, for healed ones
	repair              time.Duration // from the order to health, for healed ones
	lasted              time.Duration // from the decision to the end, for recorded ones
}

// Put counts an incident as its record stands now; the same one again replaces
// what it said before.
func (b *Book) Put(inc record.Incident) {
	if b.incidents == nil {
		b.incidents = map[string]sheet{}
	}
	if _, known := b.incidents[inc.ID]; !known {
		b.order = append(b.order, inc.ID)
	}
	b.incidents[inc.ID] = read(inc)
	for len(b.order) > MaxIncidents {
		delete(b.incidents, b.order[0])
		b.order = b.order[1:]
	}
}

func read(inc record.Incident) sheet {
	s := sheet{component: inc.Component}
	healed := false
	for _, rec := range inc.Recoveries {
		healed = healed || rec.Result == sdk.ResultHealed
		if d, ok := judge(inc, rec); ok && !s.repeats(d) {
			s.decisions = append(s.decisions, d)
		}
	}
	for _, a := range inc.Approvals {
		if d, ok := overtaken(inc, a); ok {
			s.decisions = append(s.decisions, d)
		}
	}
	if inc.Resolved != nil && !healed && !joined(inc) {
		s.alone = inc.Resolved.Sub(inc.Opened)
	}
	return s
}

// joined reports an incident that went on as part of another one.
func joined(inc record.Incident) bool {
	return slices.ContainsFunc(inc.Anomalies, func(a record.Anomaly) bool { return a.Incident != inc.ID })
}

// repeats reports a decision that was recorded for the incident before: in
// learning mode the same is decided again and again.
func (s sheet) repeats(d decision) bool {
	return d.result == sdk.ResultRecorded && slices.ContainsFunc(s.decisions, func(o decision) bool {
		return o.strategy == d.strategy && o.component == d.component && o.result == sdk.ResultRecorded
	})
}

// judge reads one recovery, false for one that says nothing yet.
func judge(inc record.Incident, rec record.Recovery) (decision, bool) {
	d := decision{strategy: rec.Strategy, component: rec.Component, at: rec.ProposedAt, result: rec.Result, vain: rec.Harmed}
	switch rec.Result {
	case sdk.ResultHealed:
		if rec.HealthyAt != nil && rec.StartedAt != nil {
			d.down, d.repair = rec.HealthyAt.Sub(inc.Opened), rec.HealthyAt.Sub(*rec.StartedAt)
		}
	case sdk.ResultRecorded:
		if inc.Resolved == nil {
			return d, false
		}
		d.lasted = inc.Resolved.Sub(rec.ProposedAt)
		d.vain = d.lasted <= Vain
	case sdk.ResultRejected:
		d.vain = true
	case sdk.ResultFailed:
	case sdk.ResultAborted:
		return d, rec.StartedAt != nil
	default:
		return d, false
	}
	return d, true
}

// overtaken reads a question to a person that the end of the trouble has
// answered.
func overtaken(inc record.Incident, a record.Approval) (decision, bool) {
	if a.State != record.ApprovalSuperseded || inc.Resolved == nil || a.Answered == nil || !a.Answered.Equal(*inc.Resolved) {
		return decision{}, false
	}
	lasted := inc.Resolved.Sub(a.Created)
	return decision{
		strategy: a.Strategy, component: a.Component, at: a.Created, result: sdk.ResultRecorded, lasted: lasted, vain: lasted <= Vain,
	}, true
}

type pair struct{ component, strategy string }

// Rows returns the scoreboard, by component and strategy.
func (b *Book) Rows() []Row {
	rows := map[pair]*Row{}
	alone, repair := b.spans()
	for _, id := range b.order {
		for _, d := range b.incidents[id].decisions {
			key := pair{d.component, d.strategy}
			if rows[key] == nil {
				rows[key] = &Row{Strategy: d.strategy, Component: d.component, First: d.at}
			}
			rows[key].add(d, alone.of(pair{component: d.component}, leastAlone, Alone), repair.of(key, 1, Vain))
		}
	}
	out := make([]Row, 0, len(rows))
	for _, r := range rows {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Strategy, b.Strategy))
	})
	return out
}

func (r *Row) add(d decision, alone, repair time.Duration) {
	if d.at.Before(r.First) {
		r.First = d.at
	}
	if d.at.After(r.Last) {
		r.Last = d.at
	}
	if d.vain {
		r.False++
	}
	switch d.result {
	case sdk.ResultRecorded:
		r.Recorded++
		r.Saveable += max(d.lasted-repair, 0)
	case sdk.ResultRejected:
		r.Rejected++
	case sdk.ResultHealed:
		r.Tried++
		r.Healed++
		r.Saved += max(alone-d.down, 0)
	case sdk.ResultFailed:
		r.Tried++
		r.Failed++
	case sdk.ResultAborted:
		r.Tried++
	}
}

// spans gathers how long trouble lasts by component where no remedy ended it,
// and how long each remedy takes.
func (b *Book) spans() (alone, repair medians) {
	alone, repair = medians{}, medians{}
	for _, s := range b.incidents {
		if s.alone > 0 {
			key := pair{component: s.component}
			alone[key] = append(alone[key], s.alone)
		}
		for _, d := range s.decisions {
			if key := (pair{d.component, d.strategy}); d.repair > 0 {
				repair[key] = append(repair[key], d.repair)
			}
		}
	}
	for _, m := range []medians{alone, repair} {
		for _, list := range m {
			slices.Sort(list)
		}
	}
	return alone, repair
}

// medians holds sorted spans.
type medians map[pair][]time.Duration

// of returns the median, or a default while fewer than least are known.
func (m medians) of(key pair, least int, or time.Duration) time.Duration {
	list := m[key]
	if len(list) < least {
		return or
	}
	return list[len(list)/2]
}
