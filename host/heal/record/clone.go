package record

import (
	"slices"
	"time"
)

// Clone returns a copy that shares nothing changeable with the incident.
// Proposals, evidence and anomalies' texts are never changed once recorded and
// are shared.
func (i Incident) Clone() Incident {
	i.Components = slices.Clone(i.Components)
	i.Anomalies = slices.Clone(i.Anomalies)
	i.Approvals = slices.Clone(i.Approvals)
	i.History = slices.Clone(i.History)
	i.Recoveries = slices.Clone(i.Recoveries)
	for n := range i.Recoveries {
		i.Recoveries[n].Steps = slices.Clone(i.Recoveries[n].Steps)
		i.Recoveries[n].Receipts = slices.Clone(i.Recoveries[n].Receipts)
	}
	return i
}

// Began is when the present trouble began: when the incident was opened, or opened
// again last. Between the two all was well.
func (i *Incident) Began() time.Time {
	if i.Reopened != nil {
		return *i.Reopened
	}
	return i.Opened
}

// Running returns the recovery that is under way, nil for none.
func (i *Incident) Running() *Recovery {
	if len(i.Recoveries) == 0 {
		return nil
	}
	last := &i.Recoveries[len(i.Recoveries)-1]
	if last.EndedAt != nil {
		return nil
	}
	return last
}

// SilentSince reports that all of its anomalies that are open are.
func (i *Incident) SilentSince(at time.Time) bool {
	return !slices.ContainsFunc(i.Anomalies, func(a Anomaly) bool { return a.Open && !a.SilentSince(at) })
}

// Pending returns the approval that waits for an answer, nil for none.
func (i *Incident) Pending() *Approval {
	for n := range i.Approvals {
		if i.Approvals[n].State == ApprovalPending {
			return &i.Approvals[n]
		}
	}
	return nil
}

// Time returns a pointer to a copy of the time, nil for the zero time: the form
// in which records hold an instant that may be missing.
func Time(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
