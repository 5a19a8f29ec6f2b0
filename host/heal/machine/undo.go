package machine

import (
	"fmt"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
	"github.com/homeostat/homeostat/sdk"
)

// fail ends a recovery that did not help. What it moved is moved back first;
// what was itself a way back, such as a rollback, is left.
func (m *Machine) fail(inc *incident, why string) {
	rec := inc.Running()
	for n, action := range rec.Proposal.Actions[:len(rec.Receipts)] {
		if !remedy.TakenBackOnFailure(action) {
			rec.Receipts[n] = ""
		}
	}
	m.failAll(inc, why)
}

// failAll ends a recovery that went wrong: all of it that can be is taken back,
// the last action first.
func (m *Machine) failAll(inc *incident, why string) {
	rec := inc.Running()
	rec.Text = why
	inc.released, inc.settleAt = false, noTime
	if !m.takeBack(inc, rec) {
		m.failed(inc, rec)
	}
}

// takeBack orders the last action that has a receipt to be undone, and reports
// false when there is none left.
func (m *Machine) takeBack(inc *incident, rec *record.Recovery) bool {
	n := rec.LastReceipt()
	if n < 0 {
		return false
	}
	action := rec.Proposal.Actions[n]
	m.enter(inc, record.PhaseUndoing, fmt.Sprintf("taking back %s %s: %s", action.Kind(), action.Target(), rec.Text))
	m.quiet.Begin(rec.ID, m.area(targetsOr(rec.Targets, inc)), m.now.Add(m.set.Settle+m.set.VerifyTimeout))
	m.audit("undo_started", map[string]any{
		"incident": inc.ID, "recovery": rec.ID, "component": inc.Component, "action": string(action.Kind()) + " " + action.Target(), "reason": rec.Text,
	})
	m.emit(effect.Undo{Ticket: inc.ticketOf(), Recovery: rec.ID, Index: n, Action: action, Receipt: rec.Receipts[n], Reason: rec.Text})
	return true
}

func (u Undone) apply(m *Machine) error {
	inc := m.byTicket(u.Ticket)
	if inc == nil || inc.Phase != record.PhaseUndoing {
		return nil
	}
	rec := inc.Running()
	rec.Receipts[u.Index] = ""
	rec.Steps = append(rec.Steps, u.Step)
	inc.dirty = true
	if u.Err != "" {
		// One try: what cannot be undone now is a person's to look at, and the
		// rest is still taken back.
		m.raise(inc, sdk.SeverityHigh, u.Err)
		m.audit("undo_failed", map[string]any{"incident": inc.ID, "recovery": rec.ID, "component": inc.Component, "text": u.Err})
	}
	if m.takeBack(inc, rec) {
		return nil
	}
	m.quiet.End(rec.ID, targetsOr(rec.Targets, inc), m.now.Add(m.set.Settle))
	m.failed(inc, rec)
	return nil
}

// failed ends the recovery. The strategy rests, and the next rung is asked. A
// process that was started since and has ended is evidence enough to ask the
// same one again, and so is health that did come back and was lost again: the
// remedy works, for a while, and how often it may be repeated is the strategy's
// to say.
func (m *Machine) failed(inc *incident, rec *record.Recovery) {
	why := "the recovery failed: " + rec.Text
	works := inc.gone || rec.HealthyAt != nil && !inc.regressed
	inc.regressed = false
	if rec.Interrupted {
		m.endRecovery(inc, rec, sdk.ResultAborted)
		m.enter(inc, record.PhaseIdle, "the recovery was cut off: "+rec.Text)
		return
	}
	m.endRecovery(inc, rec, sdk.ResultFailed)
	if !works {
		m.rest(inc, rec)
	}
	m.enter(inc, record.PhaseIdle, why)
}

// helped is the component that the recovery under way is to help: the caller
// of a link that was opened, else the cause.
func (i *incident) helped() string {
	if rec := i.Running(); rec != nil {
		if name := remedy.Helps(rec.Proposal); name != "" && i.has(name) {
			return name
		}
	}
	return i.Component
}
