// Package asked finds what a person was asked about starting a component and has
// not said yes to.
//
// It owns the rule by which a start of the daemon leaves such a component down,
// and the sentence that says so. It decides nothing else and keeps nothing. It is
// pure and may be used from several goroutines.
package asked

import (
	"fmt"
	"slices"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
)

// Of returns the newest question of an open incident whether the component may be
// started or restarted, unless it was answered with yes or something was done for
// the incident since; nil for none.
func Of(incidents []record.Incident, component string) *record.Approval {
	for _, inc := range incidents {
		if inc.Phase == record.PhaseResolved {
			continue
		}
		for _, a := range slices.Backward(inc.Approvals) {
			if !remedy.Starts(a.Proposal, component) {
				continue
			}
			if a.State == record.ApprovalApproved || actedSince(inc, a) {
				break
			}
			return &a
		}
	}
	return nil
}

// actedSince reports that a recovery was begun after the question was asked: the
// mode has changed, or a person has allowed another.
func actedSince(inc record.Incident, a record.Approval) bool {
	return slices.ContainsFunc(inc.Recoveries, func(r record.Recovery) bool {
		return r.StartedAt != nil && r.StartedAt.After(a.Created)
	})
}

// Say is the question's present state in a sentence, and what a person can do.
func Say(a record.Approval, component string) string {
	how := map[record.ApprovalState]string{
		record.ApprovalPending:    "waits for an answer",
		record.ApprovalRejected:   "was answered with no" + a.How(),
		record.ApprovalExpired:    "was not answered in time",
		record.ApprovalSuperseded: "was withdrawn and is looked at again",
	}[a.State]
	return fmt.Sprintf("it was down when the daemon started, and approval %s, asked by %s, %s; `homeostat component start %s` starts it", a.ID, a.Strategy, how, component)
}
