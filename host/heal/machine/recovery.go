package machine

import (
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
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
	m.explain(inc, p)
	if message, again, ok := remedy.HandOver(p.Proposal); ok {
		m.handOver(inc, "handed over: "+message, again)
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
		return m.soonest(inc, m.now.Add(reask)), "no remedy on offer: " + strings.Join(p.Reasons, "; ")
	case wait > 0:
		return m.now.Add(wait), p.Strategy + ": " + p.Proposal.Reason
	}
	if at, text := m.notThere(inc, p); !at.IsZero() {
		return at, text
	}
	return m.storming(inc)
}

// notThere returns until when, and why, the proposal must not be done to its
// targets.
func (m *Machine) notThere(inc *incident, p Proposed) (time.Time, string) {
	for _, target := range targetsOr(p.Targets, inc) {
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

// storming holds a recovery back while too many have begun lately. A person's
// yes is not held back.
func (m *Machine) storming(inc *incident) (time.Time, string) {
	at, why := m.storm.Free(inc.Component, m.set.Storm, m.now)
	if at.IsZero() {
		return at, ""
	}
	m.raise(inc, sdk.SeverityHigh, why)
	return at, why
}

// handOver leaves the incident to a person. Again is when it is looked at all
// the same, zero for only on new evidence.
func (m *Machine) handOver(inc *incident, message string, again time.Duration) {
	m.supersede(inc, message)
	if again == 0 {
		m.raise(inc, sdk.SeverityHigh, "a person is needed")
		m.enter(inc, record.PhaseHandedOver, message)
	} else {
		m.enterUntil(inc, record.PhaseHandedOver, m.soonest(inc, m.now.Add(again)), message)
	}
	m.audit("handed_over", map[string]any{"incident": inc.ID, "component": inc.Component, "text": message})
}

// targetsOr lists the components that a proposal is done to; one that is done
// to none counts for the cause.
func targetsOr(names []string, inc *incident) []string {
	if len(names) > 0 {
		return names
	}
	return []string{inc.Component}
}

// decide applies the modes to a proposal.
func (m *Machine) decide(inc *incident, p Proposed) {
	modes := []policy.Mode{m.modeFor(p.Strategy, inc.Component)}
	for _, t := range p.Targets {
		modes = append(modes, m.modeFor(p.Strategy, t))
	}
	decision := policy.Decide(policy.Strictest(modes...), inc.Severity, p.NeedsPerson)
	if decision == policy.Ask && m.standing(inc, p.Proposal) {
		decision = policy.Act
	}
	switch decision {
	case policy.Act:
		m.supersede(inc, "no approval is needed any more")
		m.start(inc, p, "")
	case policy.Ask:
		m.request(inc, p)
	case policy.Record:
		m.recordOnly(inc, p)
	}
}

// explain records why this rung, and how likely it was, before anything is done.
func (m *Machine) explain(inc *incident, p Proposed) {
	if p.Choice == nil {
		return
	}
	if len(p.Choice.Offers) > 1 {
		m.note(inc, "chosen: "+p.Choice.Why)
	}
	m.audit("rung_chosen", map[string]any{
		"incident": inc.ID, "strategy": p.Strategy, "why": p.Choice.Why, "propensity": p.Choice.Propensity(p.Strategy),
		"offers": p.Choice.Offers, "experiment": p.Choice.Experiment,
	})
}

func (m *Machine) newRecovery(inc *incident, p Proposed) *record.Recovery {
	inc.Recoveries = append(bounded(inc.Recoveries, maxRecoveries), record.Recovery{
		ID: m.id("rec"), Incident: inc.ID, Component: inc.Component, Strategy: p.Strategy, Proposal: p.Proposal, Choice: p.Choice,
		Actions: remedy.Names(p.Proposal), ProposedAt: m.now, Result: sdk.ResultRunning, Reason: p.Proposal.Reason,
	})
	inc.dirty = true
	return &inc.Recoveries[len(inc.Recoveries)-1]
}

// start orders the first action of a proposal to be carried out.
func (m *Machine) start(inc *incident, p Proposed, approvedBy string) {
	rec := m.newRecovery(inc, p)
	rec.StartedAt, rec.ApprovedBy, rec.Targets, rec.Before = record.Time(m.now), approvedBy, p.Targets, m.burden()
	inc.gone = false
	m.storm.Add(rec.ID, inc.Component, m.now, m.now)
	m.enter(inc, record.PhaseActing, fmt.Sprintf("%s: %s (%s)", p.Strategy, strings.Join(rec.Actions, ", "), p.Proposal.Reason))
	m.quiet.Begin(rec.ID, m.area(targetsOr(p.Targets, inc)), m.now.Add(m.set.Settle+m.set.VerifyTimeout))
	m.audit("recovery_started", map[string]any{
		"incident": inc.ID, "recovery": rec.ID, "component": inc.Component, "strategy": p.Strategy,
		"actions": rec.Actions, "reason": p.Proposal.Reason, "approved_by": approvedBy,
	})
	m.act(inc, rec)
}

// act orders the next action of the recovery.
func (m *Machine) act(inc *incident, rec *record.Recovery) {
	n := len(rec.Receipts)
	rec.OrderedAt, inc.dirty = record.Time(m.now), true
	m.emit(effect.Act{
		Ticket: inc.ticketOf(), Recovery: rec.ID, Component: inc.Component, Index: n, Action: rec.Proposal.Actions[n], Reason: rec.Reason,
	})
}

// recordOnly is what the learning mode does instead.
func (m *Machine) recordOnly(inc *incident, p Proposed) {
	rec := m.newRecovery(inc, p)
	rec.Targets = p.Targets
	rec.Text = "learning mode: this would have been done"
	m.endRecovery(inc, rec, sdk.ResultRecorded)
	m.enterUntil(inc, record.PhaseWaiting, m.now.Add(m.set.Quarantine), rec.Text+": "+strings.Join(rec.Actions, ", "))
}

func (a Acted) apply(m *Machine) error {
	inc := m.byTicket(a.Ticket)
	if inc == nil || inc.Phase != record.PhaseActing || a.Index != len(inc.Running().Receipts) {
		return nil
	}
	rec := inc.Running()
	inc.dirty = true
	if a.Step.Text != "" {
		rec.Steps = append(rec.Steps, a.Step)
	}
	if a.NotBegun && a.Index == 0 {
		m.notBegun(inc, rec, a.Err)
		return nil
	}
	rec.Receipts = append(rec.Receipts, a.Receipt)
	if a.Err == "" && len(rec.Receipts) < len(rec.Proposal.Actions) {
		m.act(inc, rec)
		return nil
	}
	m.acted(inc, rec, a)
	return nil
}

// notBegun ends a recovery of which nothing was done.
func (m *Machine) notBegun(inc *incident, rec *record.Recovery, why string) {
	m.quiet.End(rec.ID, targetsOr(rec.Targets, inc), m.now.Add(m.set.Settle))
	m.storm.Drop(rec.ID)
	rec.StartedAt, rec.Text = nil, why
	m.endRecovery(inc, rec, sdk.ResultAborted)
	m.enterUntil(inc, record.PhaseWaiting, m.now.Add(reask), why)
	m.expireQuiet() // nothing was done that could explain a dependent's anomaly
}

// acted goes on when the last action has ended, or one has failed.
func (m *Machine) acted(inc *incident, rec *record.Recovery, a Acted) {
	names := targetsOr(rec.Targets, inc)
	m.quiet.End(rec.ID, names, m.now.Add(m.set.Settle))
	for _, t := range names {
		m.quiet.Acted(t, quiet.Act{Recovery: rec.ID, Start: *rec.StartedAt, End: m.now})
	}
	m.quiet.Acted(inc.Component, quiet.Act{Recovery: rec.ID, Start: *rec.StartedAt, End: m.now, Generation: a.Generation})
	if a.Err != "" {
		if a.Down {
			inc.gone = true // nothing is lost by another try as soon as the back-off allows it
		}
		m.failAll(inc, a.Err)
		return
	}
	rec.ActedAt = record.Time(m.now)
	if inc.exitAt.After(*rec.StartedAt) && inc.exitGeneration >= a.Generation {
		inc.gone = true
		m.fail(inc, "the new process ended at once")
		return
	}
	inc.deadline = m.now.Add(m.set.VerifyTimeout)
	m.enter(inc, record.PhaseVerifying, "done; waiting for "+inc.helped()+" to answer")
	m.confirmAction(inc)
}

// confirmAction asks whether the component is healthy after the action.
func (m *Machine) confirmAction(inc *incident) {
	inc.ticket++
	inc.nextAt = time.Time{}
	m.emit(effect.Confirm{Ticket: inc.ticketOf(), Components: []string{inc.helped()}})
}

func (m *Machine) onVerdict(inc *incident, v sdk.Verdict) {
	switch {
	case v == sdk.Pass || v == sdk.Fail && remedy.LeavesStopped(inc.Running().Proposal, inc.helped()):
		m.healthy(inc)
	case v == sdk.Inconclusive || m.warming(inc):
		inc.nextAt = m.now.Add(recheck)
	case inc.Running().Interrupted:
		m.abort(inc, "the daemon ended while it was under way, and "+inc.helped()+" is not healthy")
	default:
		m.fail(inc, inc.helped()+" is still failing after the action")
	}
}

// healthy begins the hold time. What failed in the same way is looked at now,
// for the remedy has helped; what depends on the cause gets time to recover.
func (m *Machine) healthy(inc *incident) {
	rec := inc.Running()
	rec.HealthyAt = record.Time(m.now)
	rec.Interrupted = false
	m.rested(inc)
	until := m.now.Add(m.set.Hold)
	m.enter(inc, record.PhaseHolding, fmt.Sprintf("%s is healthy again; it counts at %s", inc.helped(), until.UTC().Format(time.TimeOnly)))
	inc.nextAt, inc.HoldUntil = until, record.Time(until)
	inc.settleAt = m.now.Add(m.set.Settle)
	for _, c := range inc.Failing() {
		if c != inc.Component && !m.graph.DependsOn(c, inc.Component) {
			m.detach(inc, c)
		}
	}
	inc.Shared, inc.pairUntil = false, time.Time{}
}

// endHold judges the recovery when the hold time is over.
func (m *Machine) endHold(inc *incident) {
	if inc.OpenOf("") > 0 && m.judgeFrom.After(m.now) {
		inc.nextAt = m.judgeFrom
		return
	}
	rec := inc.Running()
	for _, a := range inc.Anomalies {
		same := a.Kind == sdk.AnomalyExit || a.Kind == sdk.AnomalyProbe || a.Signature() == inc.Signature
		if a.Open && a.Component == inc.helped() && same && !a.SilentSince(*rec.ActedAt) {
			if m.warming(inc) {
				inc.nextAt = m.now.Add(recheck)
				return
			}
			m.fail(inc, "the condition stayed: "+a.Summary)
			return
		}
	}
	rec.Text = fmt.Sprintf("healthy for %v", m.set.Hold)
	m.endRecovery(inc, rec, sdk.ResultHealed)
	if inc.OpenOf("") > 0 && inc.SilentSince(*rec.ActedAt) {
		m.enterUntil(inc, record.PhaseWaiting, m.now.Add(alertPatience), "healed; whoever sent the alert has not said yet that it is over")
		return
	}
	if inc.OpenOf("") > 0 {
		m.enter(inc, record.PhaseIdle, "healed, but something else is open")
		return
	}
	m.resolve(inc, "healed by "+rec.Strategy)
}

func (m *Machine) endRecovery(inc *incident, rec *record.Recovery, result sdk.Result) {
	rec.Result, rec.EndedAt = result, record.Time(m.now)
	down := m.now.Sub(inc.Began())
	if rec.HealthyAt != nil {
		down = rec.HealthyAt.Sub(inc.Began())
	}
	m.audit("recovery_ended", map[string]any{"incident": inc.ID, "recovery": rec.ID, "component": inc.Component, "result": string(result), "text": rec.Text})
	m.emit(effect.Learn{Strategy: rec.Strategy, Kind: inc.Kind(), Outcome: sdk.Outcome{
		Incident: inc.ID, Component: inc.Component, Signature: inc.Signature, Proposal: rec.ID,
		Result: result, Downtime: down, At: m.now,
	}})
}
