package machine

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
	"github.com/homeostat/homeostat/sdk"
)

// standing reports that a person has approved these repeated trials already: a
// yes to a half-open trial holds for its repetitions until it expires.
func (m *Machine) standing(inc *incident, p sdk.Proposal) bool {
	return p.Probing && inc.allowed[remedy.Key(p)].After(m.now)
}

// request asks a person. The same proposal again keeps the question that
// stands; another one supersedes it.
func (m *Machine) request(inc *incident, p Proposed) {
	if old := inc.Pending(); old != nil {
		if remedy.Same(old.Proposal, p.Proposal) {
			m.enter(inc, record.PhaseApproval, "still waiting for approval "+old.ID)
			return
		}
		m.supersede(inc, "the strategy proposes something else")
	}
	if no := m.refused(inc, p.Proposal); no != nil {
		m.enter(inc, record.PhaseHandedOver, fmt.Sprintf("%s proposes again what %s has rejected: %s", p.Strategy, no.By, no.Text))
		return
	}
	a := record.Approval{
		ID: m.id("app"), Incident: inc.ID, Component: inc.Component, Strategy: p.Strategy, Proposal: p.Proposal, Targets: p.Targets, Choice: p.Choice,
		Reason: p.Proposal.Reason, Created: m.now, Expires: m.now.Add(m.set.ApprovalExpiry),
		State: record.ApprovalPending, Renewed: inc.renew,
	}
	if p.NeedsPerson != "" {
		a.Text = p.NeedsPerson
	}
	for _, an := range inc.Anomalies {
		if an.Open {
			a.Evidence = append(a.Evidence, an.Summary)
		}
	}
	a.Evidence = append(a.Evidence, inc.doubts(p.Proposal)...)
	a.Hash = remedy.Hash(a)
	inc.Approvals = append(bounded(inc.Approvals, maxApprovals), a)
	m.enter(inc, record.PhaseApproval, "approval "+a.ID+" is needed: "+a.Reason)
	m.audit("approval_requested", map[string]any{"approval": a.ID, "incident": inc.ID, "hash": a.Hash, "expires": a.Expires})
	m.emit(effect.Publish{Topic: "approval", Item: a})
}

// refused returns a person's no to the same actions in this incident, as long
// as an approval would stand; nil for none.
func (m *Machine) refused(inc *incident, p sdk.Proposal) *record.Approval {
	for n := range inc.Approvals {
		a := &inc.Approvals[n]
		if a.State == record.ApprovalRejected && m.now.Sub(*a.Answered) < m.set.ApprovalExpiry && remedy.Same(a.Proposal, p) {
			return a
		}
	}
	return nil
}

// supersede withdraws the question that is pending, if there is one.
func (m *Machine) supersede(inc *incident, why string) {
	inc.ready = nil
	if a := inc.Pending(); a != nil {
		m.answer(inc, a, record.ApprovalSuperseded, "", why)
	}
}

func (m *Machine) answer(inc *incident, a *record.Approval, state record.ApprovalState, by, text string) {
	a.State, a.By, a.Text, a.Answered = state, by, text, record.Time(m.now)
	inc.dirty = true
	m.audit("approval_"+string(state), map[string]any{"approval": a.ID, "incident": inc.ID, "hash": a.Hash, "by": by, "text": text})
	m.emit(effect.Publish{Topic: "approval", Item: *a})
}

// approval finds an approval in open and closed incidents.
func (m *Machine) approval(id string) (*incident, *record.Approval) {
	for _, inc := range m.open {
		for n := range inc.Approvals {
			if inc.Approvals[n].ID == id {
				return inc, &inc.Approvals[n]
			}
		}
	}
	for c := range m.closed {
		for n := range m.closed[c].Approvals {
			if m.closed[c].Approvals[n].ID == id {
				return nil, &m.closed[c].Approvals[n]
			}
		}
	}
	return nil, nil
}

func (in Approve) apply(m *Machine) error {
	inc, a := m.approval(in.ID)
	switch {
	case a == nil:
		return refuse("approve %q: there is no such approval; `homeostat approval list` shows those that are pending", in.ID)
	case in.Hash != "" && in.Hash != a.Hash:
		return refuse("approve %s: the hash is %.12s…, you gave %.12s…: look at the proposal again", in.ID, a.Hash, in.Hash)
	case a.State == record.ApprovalApproved:
		return nil
	case a.State != record.ApprovalPending || inc == nil:
		return refuse("approve %s: it is %s already%s", in.ID, a.State, a.How())
	}
	m.answer(inc, a, record.ApprovalApproved, in.By, "")
	approved := *a
	if approved.Proposal.Probing {
		if inc.allowed == nil {
			inc.allowed = map[string]time.Time{}
		}
		inc.allowed[remedy.Key(approved.Proposal)] = m.now.Add(m.set.ApprovalExpiry)
	}
	inc.renew = false
	m.enter(inc, record.PhaseIdle, fmt.Sprintf("approval %s: yes by %s", a.ID, in.By))
	inc.ready = &approved
	return nil
}

// startApproved carries out what a person has allowed, once.
func (m *Machine) startApproved(inc *incident) {
	a := inc.ready
	for _, t := range targetsOr(a.Targets, inc) {
		if other := m.of(t); other != nil && other != inc && other.Running() != nil {
			return
		}
	}
	inc.ready = nil
	m.start(inc, Proposed{Strategy: a.Strategy, Proposal: a.Proposal, Targets: a.Targets, Choice: a.Choice}, a.By)
}

func (in Reject) apply(m *Machine) error {
	inc, a := m.approval(in.ID)
	switch {
	case a == nil:
		return refuse("reject %q: there is no such approval; `homeostat approval list` shows those that are pending", in.ID)
	case a.State == record.ApprovalRejected:
		return nil
	case a.State != record.ApprovalPending || inc == nil:
		return refuse("reject %s: it is %s already%s", in.ID, a.State, a.How())
	}
	m.answer(inc, a, record.ApprovalRejected, in.By, in.Reason)
	m.unanswered(inc, *a, sdk.ResultRejected)
	m.enter(inc, record.PhaseHandedOver, fmt.Sprintf("approval %s: no by %s: %s", a.ID, in.By, in.Reason))
	return nil
}

// unanswered records an attempt that a person did not allow, so that
// strategies and people see it in the incident's course.
func (m *Machine) unanswered(inc *incident, a record.Approval, result sdk.Result) {
	rec := m.newRecovery(inc, Proposed{Strategy: a.Strategy, Proposal: a.Proposal, Choice: a.Choice})
	rec.Text = a.Text
	m.endRecovery(inc, rec, result)
}

// expireApproval asks once more when nobody has answered, then leaves the
// incident to a person.
func (m *Machine) expireApproval(inc *incident) {
	a := inc.Pending()
	if a == nil || a.Expires.After(m.now) {
		return
	}
	m.answer(inc, a, record.ApprovalExpired, "", fmt.Sprintf("nobody answered within %v", m.set.ApprovalExpiry))
	m.unanswered(inc, *a, sdk.ResultExpired)
	if !a.Renewed {
		inc.renew = true
		m.enter(inc, record.PhaseIdle, "approval "+a.ID+" expired: asking once more")
		return
	}
	m.enter(inc, record.PhaseHandedOver, "approval "+a.ID+" expired a second time: left to a person")
}
