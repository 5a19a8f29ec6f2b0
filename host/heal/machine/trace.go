package machine

import (
	"cmp"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
	"github.com/homeostat/homeostat/sdk"
)

// goOnWithin is how long after its last order a recovery that was cut off is
// taken up again. Later its evidence is old: what was done is taken back.
const goOnWithin = 10 * time.Minute

// Traced answers a Trace.
type Traced struct {
	Acted
	Fate fate.Fate
}

// trace finds out what became of the action that was ordered last. It is never
// ordered again before that is known.
func (m *Machine) trace(inc *incident, rec *record.Recovery) {
	n := len(rec.Receipts)
	since := cmp.Or(rec.OrderedAt, rec.StartedAt)
	action := rec.Proposal.Actions[n]
	m.enter(inc, record.PhaseActing, fmt.Sprintf("the daemon was started again: finding out what became of %s %s", action.Kind(), action.Target()))
	m.emit(effect.Trace{Ticket: inc.ticketOf(), Recovery: rec.ID, Component: inc.Component, Index: n, Action: action, Since: *since})
}

func (t Traced) apply(m *Machine) error {
	inc := m.byTicket(t.Ticket)
	if inc == nil || inc.Phase != record.PhaseActing || t.Index != len(inc.Running().Receipts) {
		return nil
	}
	rec := inc.Running()
	if t.Fate.State == fate.Pending && inc.deadline.After(m.now) {
		inc.nextAt = m.now.Add(recheck)
		return nil
	}
	action := rec.Proposal.Actions[t.Index]
	text := fmt.Sprintf("%s %s, cut off by a kill of the daemon: %s", action.Kind(), action.Target(), t.Fate.Text)
	m.audit("action_traced", map[string]any{"incident": inc.ID, "recovery": rec.ID, "action": t.Index, "fate": string(t.Fate.State), "text": t.Fate.Text})
	t.Step = record.Step{At: m.now, Text: text}
	t.Receipt = t.Fate.Receipt
	late := rec.OrderedAt == nil || m.now.Sub(*rec.OrderedAt) > goOnWithin
	switch t.Fate.State {
	case fate.Done:
		if late && t.Index+1 < len(rec.Proposal.Actions) {
			m.known(inc, rec, t)
			m.abort(inc, "the daemon was away for too long to go on with the recovery")
			return nil
		}
		return t.Acted.apply(m)
	case fate.Failed:
		t.Err = text
		return t.Acted.apply(m)
	case fate.NotDone:
		if t.Index > 0 && !late {
			// Those before it are done, and it is known not to be: it is its turn.
			rec.Steps = append(rec.Steps, t.Step)
			m.note(inc, text)
			m.act(inc, rec)
			return nil
		}
		m.known(inc, rec, t)
		m.abort(inc, text)
	default:
		m.known(inc, rec, t)
		rec.Interrupted, rec.ActedAt = true, record.Time(m.now)
		inc.deadline = m.now.Add(m.set.VerifyTimeout)
		m.enter(inc, record.PhaseVerifying, text+"; looking at "+inc.helped())
		m.confirmAction(inc)
	}
	return nil
}

// known writes down what became of the action, and with what it is taken back.
func (m *Machine) known(inc *incident, rec *record.Recovery, t Traced) {
	inc.dirty = true
	rec.Steps = append(rec.Steps, t.Step)
	rec.Receipts = append(rec.Receipts, t.Receipt)
	m.quiet.End(rec.ID, targetsOr(rec.Targets, inc), m.now.Add(m.set.Settle))
}

// abort ends a recovery that was cut off and cannot go on. What of it is known to
// have been done is taken back, and the strategies are asked anew: none has
// failed.
func (m *Machine) abort(inc *incident, why string) {
	rec := inc.Running()
	rec.Interrupted = true
	m.fail(inc, why)
}

// doubts tells a person who is asked of runs of the same that were cut off.
func (i *incident) doubts(p sdk.Proposal) []string {
	var out []string
	for _, rec := range i.Recoveries {
		if rec.Interrupted && remedy.Same(rec.Proposal, p) {
			out = append(out, fmt.Sprintf("it may have been done at %s already: %s", rec.StartedAt.UTC().Format(time.TimeOnly), rec.Text))
		}
	}
	return out
}
