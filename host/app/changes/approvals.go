package changes

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/act"
	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/app/service"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/heal/catalog"
	"github.com/homeostat/homeostat/sdk"
)

// Approvals joins the changes that wait for a person with the proposals of healing that do.
type Approvals struct {
	api.Healing
	Pipeline *change.Pipeline
	// Weigh says how an action can be taken back.
	Weigh func(sdk.Action) act.Weight
}

// weighed adds how each action of a proposal can be taken back.
func (a Approvals) weighed(p api.Approval) api.Approval {
	for _, action := range p.Proposal.Actions {
		w := a.Weigh(action)
		p.Undo = append(p.Undo, api.Undo{Action: strings.TrimSpace(string(action.Kind()) + " " + action.Target()), Class: string(w.Class), Undo: w.Undo})
	}
	return p
}

// idPrefix begins the ids of changes.
const idPrefix = "mod_"

// Approvals lists both kinds, newest first.
func (a Approvals) Approvals(ctx context.Context, f api.Filter) ([]api.Approval, error) {
	list, err := a.Healing.Approvals(ctx, f)
	if err != nil {
		return nil, err
	}
	for n := range list {
		list[n] = a.weighed(list[n])
	}
	records, err := a.Pipeline.Changes(ctx, listMax)
	if err != nil {
		return nil, err
	}
	query := service.Query(f)
	for _, r := range records {
		if r.Approval != nil && query.Admits(approvalLine(r)) {
			list = append(list, approval(r))
		}
	}
	slices.SortFunc(list, func(x, y api.Approval) int {
		return cmp.Or(y.Created.Compare(x.Created), cmp.Compare(y.ID, x.ID))
	})
	return list[:min(len(list), f.Limit)], nil
}

// approvalLine is what can be asked of a change that waits, or had to wait, for a
// person.
func approvalLine(r record.Record) catalog.Line {
	return catalog.Line{ID: r.ID, Components: []string{r.Component}, State: r.Approval.State, Begin: r.Approval.Asked, End: answered(r)}
}

// answered is when the question was over, as far as the record tells: what
// followed from the answer.
func answered(r record.Record) time.Time {
	switch {
	case r.Approval.State == record.ApprovalPending:
		return time.Time{}
	case r.Applied != nil:
		return *r.Applied
	case r.Ended != nil:
		return *r.Ended
	}
	return r.Approval.Expires
}

// Approval returns one of either kind.
func (a Approvals) Approval(ctx context.Context, id string) (api.Approval, error) {
	if !strings.HasPrefix(id, idPrefix) {
		p, err := a.Healing.Approval(ctx, id)
		return a.weighed(p), err
	}
	r, err := a.Pipeline.Change(ctx, id)
	if err == nil && r.Approval == nil {
		return api.Approval{}, &api.Problem{Status: http.StatusNotFound, Detail: fmt.Sprintf("change %s did not have to wait for a person", id), Hint: "see `homeostat change show " + id + "`"}
	}
	return a.answer(ctx, id, err)
}

// approval shows a change that waits as a proposal: to submit these files.
func approval(r record.Record) api.Approval {
	files := make([]sdk.FileChange, len(r.Paths))
	for i, p := range r.Paths {
		files[i] = sdk.FileChange{Path: p.Path, Delete: p.After == "absent"}
	}
	out := api.Approval{
		ID: r.ID, Component: r.Component, Strategy: "change by " + r.By, Hash: r.Approval.Hash, Reason: r.Reason,
		Created: r.Approval.Asked, Expires: r.Approval.Expires, State: r.Approval.State, Answer: r.Approval.Answer,
		Proposal: sdk.Proposal{Actions: []sdk.Action{sdk.SubmitChange{Root: r.Root, Reason: r.Reason, Files: files}}, Reason: r.Approval.Why},
		Evidence: []string{r.Approval.Why},
	}
	for _, reason := range r.Reasons {
		out.Evidence = append(out.Evidence, fmt.Sprintf("%s:%d %s (%s)", reason.Path, reason.Line, reason.Text, reason.Risk))
	}
	if out.Reason == "" {
		out.Reason = r.Approval.Why
	}
	out.Undo = []api.Undo{{Action: "submit_change " + r.Root, Class: string(act.Reversible), Undo: "rollback of the change"}}
	if !r.Reversible {
		out.Undo[0].Class = string(act.Irreversible)
	}
	return out
}

// Approve is a person's yes to either kind.
func (a Approvals) Approve(ctx context.Context, id, hash string) (api.Approval, error) {
	if !strings.HasPrefix(id, idPrefix) {
		p, err := a.Healing.Approve(ctx, id, hash)
		return a.weighed(p), err
	}
	return a.answer(ctx, id, a.Pipeline.Approve(ctx, id, hash, api.Actor(ctx)))
}

// Reject is a person's no to either kind.
func (a Approvals) Reject(ctx context.Context, id, reason string) (api.Approval, error) {
	if !strings.HasPrefix(id, idPrefix) {
		p, err := a.Healing.Reject(ctx, id, reason)
		return a.weighed(p), err
	}
	return a.answer(ctx, id, a.Pipeline.Reject(ctx, id, reason, api.Actor(ctx)))
}

func (a Approvals) answer(ctx context.Context, id string, err error) (api.Approval, error) {
	if err != nil {
		return api.Approval{}, problem(err)
	}
	r, err := a.Pipeline.Change(ctx, id)
	if err != nil {
		return api.Approval{}, problem(err)
	}
	return approval(r), nil
}
