package machine

import (
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/quiet"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
	"github.com/homeostat/homeostat/sdk"
)

func (p Proposed) apply(m *Machine) error {
	inc := m.byTicket(p.Ticket)
	if inc == nil || inc.Phase != record.PhaseAsking {
		return nil
	}
	inc.learn(p.Known)
	if m.quiet.InMaintenance(inc.Component, m.now) {
		m.supersede(inc, "maintenance has begun")
		m.enter(inc, record.PhaseIdle, "nothing is done during maintenance")
		return nil
	}
	if p.Proposal.Probing {
		m.raise(inc, sdk.SeverityHigh, "the restart limit is reached")
	}
	if at, text := m.notNow(inc, p); !at.IsZero() {
		m.supersede(inc, text)
		m.enterUntil(inc, record.PhaseWaiting, at, text)
		return nil
	}
	if message, ok := remedy.HandOver(p.Proposal); ok {
		m.handOver(inc, "handed over: "+message)
		return nil
	}
	m.decide(inc, p)
	return nil
}

// notNow returns until when, and why, nothing is to be done; zero for "now".
func (m *Machine) notNow(inc *incident, p Proposed) (time.Time, string) {
	switch wait := remedy.Waits(p.Proposal); {
	case p.Proposal.NotBefore.After(m.now):
		return p.Proposal.NotBefore, p.Strategy + ": " + p.Proposal.Reason
	case len(p.Proposal.Actions) == 0 && p.Soon:
		return m.now.Add(recheck), "no strategy has answered: " + strings.Join(p.Reasons, "; ")
	case len(p.Proposal.Actions) == 0:
		return m.now.Add(reask), "no remedy on offer: " + strings.Join(p.Reasons, "; ")
	case wait > 0:
		return m.now.Add(wait), p.Strategy + ": " + p.Proposal.Reason
	}
	for _, target := range targets(inc, p.Proposal) {
		if m.quiet.InMaintenance(target, m.now) {
			return m.now.Add(reask), target + " is in maintenance"
		}
		if other := m.of(target); other != nil && other != inc && other.Running() != nil {
			return m.now.Add(recheck), target + " is in recovery in " + other.ID
		}
		if !inc.has(target) || inc.Shared && target != inc.Component {
			m.audit("proposal_refused", map[string]any{"incident": inc.ID, "strategy": p.Strategy, "target": target})
			return m.now.Add(reask), fmt.Sprintf("%s wants to act on %s, which this incident gives no right to: refused", p.Strategy, target)
		}
	}
	return time.Time{}, ""
}

func (m *Machine) handOver(inc *incident, message string) {
	m.supersede(inc, message)
	m.raise(inc, sdk.SeverityHigh, "a person is needed")
	m.enter(inc, record.PhaseHandedOver, message)
	m.audit("handed_over", map[string]any{"incident": inc.ID, "component": inc.Component, "text": message})
}

// targets lists the components that a proposal is done to; one that is done to
// none counts for the cause.
func targets(inc *incident, p sdk.Proposal) []string {
	if names := remedy.Targets(p); len(names) > 0 {
		return names
	}
	return []string{inc.Component}
}

// decide applies the modes to a proposal.
func (m *Machine) decide(inc *incident, p Proposed) {
	modes := []policy.Mode{policy.Effective(m.mode, m.components[inc.Component].Mode)}
	for _, t := range targets(inc, p.Proposal) {
		modes = append(modes, policy.Effective(m.mode, m.components[t].Mode))
	}
	decision := policy.Decide(policy.Strictest(modes...), inc.Severity, p.NeedsPerson)
	if decision == policy.Ask && m.standing(inc, p.Proposal) {
		decision = policy.Act
	}
	switch decision {
	case policy.Act:
		m.supersede(inc, "no approval is needed any more")
		m.start(inc, p.Strategy, p.Proposal, "")
	case policy.Ask:
		m.request(inc, p)
	case policy.Record:
		m.recordOnly(inc, p)
	}
}

func (m *Machine) newRecovery(inc *incident, strategy string, p sdk.Proposal) *record.Recovery {
	inc.Recoveries = append(bounded(inc.Recoveries, maxRecoveries), record.Recovery{
		ID: m.id("rec"), Incident: inc.ID, Component: inc.Component, Strategy: strategy, Proposal: p,
		Actions: remedy.Names(p), ProposedAt: m.now, Result: sdk.ResultRunning, Reason: p.Reason,
	})
	inc.dirty = true
	return &inc.Recoveries[len(inc.Recoveries)-1]
}

// start orders a proposal to be carried out.
func (m *Machine) start(inc *incident, strategy string, p sdk.Proposal, approvedBy string) {
	rec := m.newRecovery(inc, strategy, p)
	rec.StartedAt, rec.ApprovedBy = record.Time(m.now), approvedBy
	inc.gone = false
	m.enter(inc, record.PhaseActing, fmt.Sprintf("%s: %s (%s)", strategy, strings.Join(rec.Actions, ", "), p.Reason))
	m.quiet.Begin(rec.ID, m.area(targets(inc, p)), m.now.Add(m.set.Settle+m.set.VerifyTimeout))
	m.audit("recovery_started", map[string]any{
		"incident": inc.ID, "recovery": rec.ID, "component": inc.Component, "strategy": strategy,
		"actions": rec.Actions, "reason": p.Reason, "approved_by": approvedBy,
	})
	m.emit(Act{Ticket: inc.ticketOf(), Recovery: rec.ID, Component: inc.Component, Proposal: p})
}

// recordOnly is what the learning mode does instead.
func (m *Machine) recordOnly(inc *incident, p Proposed) {
	rec := m.newRecovery(inc, p.Strategy, p.Proposal)
	rec.Text = "learning mode: this would have been done"
	m.endRecovery(inc, rec, sdk.ResultRecorded)
	m.enterUntil(inc, record.PhaseWaiting, m.now.Add(m.set.Quarantine), rec.Text+": "+strings.Join(rec.Actions, ", "))
}

func (a Acted) apply(m *Machine) error {
	inc := m.byTicket(a.Ticket)
	if inc == nil || inc.Phase != record.PhaseActing {
		return nil
	}
	rec := inc.Running()
	rec.Steps = append(rec.Steps, a.Steps...)
	names := targets(inc, rec.Proposal)
	m.quiet.End(rec.ID, names, m.now.Add(m.set.Settle))
	if a.NotBegun {
		rec.StartedAt, rec.Text = nil, a.Err
		m.endRecovery(inc, rec, sdk.ResultAborted)
		m.enterUntil(inc, record.PhaseWaiting, m.now.Add(reask), a.Err)
		return nil
	}
	for _, t := range names {
		m.quiet.Acted(t, quiet.Act{Recovery: rec.ID, Start: *rec.StartedAt, End: m.now})
	}
	m.quiet.Acted(inc.Component, quiet.Act{Recovery: rec.ID, Start: *rec.StartedAt, End: m.now, Generation: a.Generation})
	if a.Err != "" {
		if a.Down {
			inc.gone = true // nothing is lost by another try as soon as the back-off allows it
		}
		m.fail(inc, a.Err)
		return nil
	}
	rec.ActedAt = record.Time(m.now)
	if inc.exitAt.After(*rec.StartedAt) && inc.exitGeneration >= a.Generation {
		inc.gone = true
		m.fail(inc, "the new process ended at once")
		return nil
	}
	inc.deadline = m.now.Add(m.set.VerifyTimeout)
	m.enter(inc, record.PhaseVerifying, "done; waiting for "+inc.Component+" to answer")
	m.confirmAction(inc)
	return nil
}

// confirmAction asks whether the component is healthy after the action.
func (m *Machine) confirmAction(inc *incident) {
	inc.ticket++
	inc.nextAt = time.Time{}
	m.emit(Confirm{Ticket: inc.ticketOf(), Components: []string{inc.Component}})
}

func (m *Machine) onVerdict(inc *incident, v sdk.Verdict) {
	switch {
	case v == sdk.Pass || v == sdk.Fail && remedy.LeavesStopped(inc.Running().Proposal, inc.Component):
		m.healthy(inc)
	case v == sdk.Inconclusive:
		inc.nextAt = m.now.Add(recheck)
	case inc.resumed:
		m.abort(inc)
	default:
		m.fail(inc, inc.Component+" is still failing after the action")
	}
}

// healthy begins the hold time. What failed in the same way is looked at now,
// for the remedy has helped; what depends on the cause gets time to recover.
func (m *Machine) healthy(inc *incident) {
	rec := inc.Running()
	rec.HealthyAt = record.Time(m.now)
	inc.resumed, inc.QuarantinedUntil = false, nil
	until := m.now.Add(m.set.Hold)
	m.enter(inc, record.PhaseHolding, fmt.Sprintf("%s is healthy again; it counts at %s", inc.Component, until.UTC().Format(time.TimeOnly)))
	inc.nextAt, inc.HoldUntil = until, record.Time(until)
	inc.settleAt = m.now.Add(m.set.Settle)
	for _, c := range inc.failing() {
		if c != inc.Component && !m.graph.DependsOn(c, inc.Component) {
			m.detach(inc, c)
		}
	}
	inc.Shared, inc.pairUntil = false, time.Time{}
}

// endHold judges the recovery when the hold time is over.
func (m *Machine) endHold(inc *incident) {
	rec := inc.Running()
	for _, a := range inc.Anomalies {
		same := a.Kind == sdk.AnomalyExit || a.Kind == sdk.AnomalyProbe || signature(a) == inc.Signature
		if a.Open && a.Component == inc.Component && same {
			m.fail(inc, "the condition stayed: "+a.Summary)
			return
		}
	}
	rec.Text = fmt.Sprintf("healthy for %v", m.set.Hold)
	m.endRecovery(inc, rec, sdk.ResultHealed)
	if inc.openOf("") > 0 {
		m.enter(inc, record.PhaseIdle, "healed, but something else is open")
		return
	}
	m.resolve(inc, "healed by "+rec.Strategy)
}

// fail ends the recovery and puts the incident in quarantine. A process that
// was started since and has ended is evidence enough to look again at once, and
// so is health that did come back and was lost again: the remedy works, for a
// while, and how often it may be repeated is the strategy's to say.
func (m *Machine) fail(inc *incident, why string) {
	rec := inc.Running()
	rec.Text = why
	m.endRecovery(inc, rec, sdk.ResultFailed)
	inc.released, inc.resumed, inc.settleAt = false, false, time.Time{}
	if inc.gone || rec.HealthyAt != nil {
		m.enter(inc, record.PhaseIdle, "the recovery failed: "+why)
		return
	}
	until := m.now.Add(m.set.Quarantine)
	inc.QuarantinedUntil = record.Time(until)
	m.enterUntil(inc, record.PhaseWaiting, until, "the recovery failed: "+why)
}

// abort ends a recovery of which nobody knows how far it came.
func (m *Machine) abort(inc *incident) {
	rec := inc.Running()
	rec.Text = "the daemon ended while it was under way, and " + inc.Component + " is not healthy"
	inc.resumed = false
	m.endRecovery(inc, rec, sdk.ResultAborted)
	m.enter(inc, record.PhaseIdle, rec.Text)
}

func (m *Machine) endRecovery(inc *incident, rec *record.Recovery, result sdk.Result) {
	rec.Result, rec.EndedAt = result, record.Time(m.now)
	down := m.now.Sub(inc.Opened)
	if rec.HealthyAt != nil {
		down = rec.HealthyAt.Sub(inc.Opened)
	}
	m.audit("recovery_ended", map[string]any{"incident": inc.ID, "recovery": rec.ID, "component": inc.Component, "result": string(result), "text": rec.Text})
	m.emit(Learn{Strategy: rec.Strategy, Outcome: sdk.Outcome{
		Incident: inc.ID, Component: inc.Component, Signature: inc.Signature, Proposal: rec.ID,
		Result: result, Downtime: down, At: m.now,
	}})
}
