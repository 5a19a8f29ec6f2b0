package changes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/sdk"
)

// Approvals joins the changes that wait for a person with the proposals of healing that do.
type Approvals struct {
	api.Healing
	Pipeline *change.Pipeline
}

// idPrefix begins the ids of changes.
const idPrefix = "mod_"

// Approvals lists both kinds, newest first.
func (a Approvals) Approvals(f api.Filter) ([]api.Approval, error) {
	list, err := a.Healing.Approvals(f)
	if err != nil {
		return nil, err
	}
	records, err := a.Pipeline.Changes(context.Background(), listMax)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if r.Approval == nil || f.Incident != "" || f.Component != "" && f.Component != r.Component ||
			f.State != "" && f.State != "all" && f.State != r.Approval.State {
			continue
		}
		list = append(list, approval(r))
	}
	slices.SortStableFunc(list, func(x, y api.Approval) int { return y.Created.Compare(x.Created) })
	if f.Limit > 0 && len(list) > f.Limit {
		list = list[:f.Limit]
	}
	return list, nil
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
	return out
}

// Approve is a person's yes to either kind.
func (a Approvals) Approve(ctx context.Context, id, hash string) (api.Approval, error) {
	if !strings.HasPrefix(id, idPrefix) {
		return a.Healing.Approve(ctx, id, hash)
	}
	return a.answer(ctx, id, a.Pipeline.Approve(ctx, id, hash, api.Actor(ctx)))
}

// Reject is a person's no to either kind.
func (a Approvals) Reject(ctx context.Context, id, reason string) (api.Approval, error) {
	if !strings.HasPrefix(id, idPrefix) {
		return a.Healing.Reject(ctx, id, reason)
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
