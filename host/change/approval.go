package change

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
)

// approval lets a change wait for a person, if it needs one. An answer is bound to the edits and to the files that they
// were made for; when it comes the change goes through all stages again, because the host may be another by then.
func (r *run) approval(context.Context) outcome {
	why := r.needsPerson()
	if why == "" {
		return skipped("no person is needed")
	}
	hash := approvalHash(r.rec)
	a := r.rec.Approval
	if a != nil && a.State == record.ApprovalApproved && a.Hash == hash {
		return passed("approved by "+a.By, why)
	}
	now := time.Now().UTC()
	r.rec.Approval = &record.Approval{
		Hash: hash, Why: why, Asked: now, Expires: now.Add(r.p.opt.Settings().ApprovalExpiry), State: record.ApprovalPending,
	}
	return outcome{verdict: record.Inconclusive, text: "a person has to agree: " + why, end: record.WaitingApproval}
}

func (r *run) approvalDry(context.Context) outcome {
	if why := r.needsPerson(); why != "" {
		return outcome{verdict: record.Inconclusive, text: "a person would have to agree: " + why}
	}
	return skipped("no person would be needed")
}

// needsPerson says why the change does not go on by itself.
func (r *run) needsPerson() string {
	var why []string
	if r.rec.Risk.AtLeast(record.RiskHigh) {
		why = append(why, "the risk is "+string(r.rec.Risk))
	}
	if own.IsRoot(r.rec.Root) && r.rec.Origin != record.FromRestore {
		why = append(why, "it changes homeostat itself")
	}
	if !r.rec.Reversible {
		why = append(why, "what it does cannot be undone by putting the files back")
	}
	for _, s := range r.rec.Steps {
		if s.Verdict == record.Inconclusive {
			why = append(why, s.Stage+" is inconclusive")
		}
	}
	return strings.Join(why, "; ")
}

func approvalHash(r record.Record) string { return candidate.Sum([]byte(r.Key + r.Context)) }

// Approve is a person's yes to a change that waits for one. A hash that is not empty must be that of the approval. The
// change goes on at once.
func (p *Pipeline) Approve(ctx context.Context, id, hash, by string) error {
	rec, err := p.waiting(ctx, id)
	if err != nil {
		return err
	}
	if hash != "" && hash != rec.Approval.Hash {
		return fmt.Errorf("approve %s: it is another change by now than the one of hash %s: %w", id, hash, ErrState)
	}
	rec.Approval.State, rec.Approval.By, rec.Approval.Answer = record.ApprovalApproved, by, "approved by "+by
	p.audit(rec, "approved", map[string]any{"by": by, "hash": rec.Approval.Hash})
	return p.start(rec)
}

// Reject is a person's no.
func (p *Pipeline) Reject(ctx context.Context, id, reason, by string) error {
	rec, err := p.waiting(ctx, id)
	if err != nil {
		return err
	}
	rec.Approval.State, rec.Approval.By, rec.Approval.Answer = record.ApprovalRejected, by, reason
	return p.endWaiting(rec, "rejected by "+by+": "+reason)
}

// waiting returns a change that waits for an answer. One whose time is over is ended instead.
func (p *Pipeline) waiting(ctx context.Context, id string) (record.Record, error) {
	rec, err := p.Change(ctx, id)
	if err != nil {
		return rec, err
	}
	if rec.State != record.WaitingApproval || rec.Approval == nil {
		return rec, fmt.Errorf("%s is %s and waits for no answer: %w", id, rec.State, ErrState)
	}
	if time.Now().After(rec.Approval.Expires) {
		rec.Approval.State = record.ApprovalExpired
		err := p.endWaiting(rec, "nobody answered in time")
		return rec, errors.Join(err, fmt.Errorf("%s expired at %s: %w", id, rec.Approval.Expires.Format(time.RFC3339), ErrState))
	}
	return rec, nil
}

// endWaiting ends a change that nobody will apply.
func (p *Pipeline) endWaiting(rec record.Record, why string) error {
	now := time.Now().UTC()
	rec.State, rec.Why, rec.Ended = record.Rejected, why, &now
	if err := p.save(rec); err != nil {
		return err
	}
	p.audit(rec, "rejected", map[string]any{"why": why})
	p.drop(rec.ID)
	return nil
}

// ExpireApprovals ends the changes for which nobody has answered in time.
func (p *Pipeline) ExpireApprovals(ctx context.Context) error {
	list, err := p.Changes(ctx, recentMax)
	if err != nil {
		return err
	}
	for _, rec := range list {
		if rec.State != record.WaitingApproval {
			continue
		}
		if _, err := p.waiting(ctx, rec.ID); err != nil && !errors.Is(err, ErrState) {
			return err
		}
	}
	return nil
}
