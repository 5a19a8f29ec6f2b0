package service

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/host/heal/catalog"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// The words that may be asked for as a state.
var (
	incidentStates = []string{catalog.Open, catalog.Closed, "all"}
	recoveryStates = words(sdk.ResultRunning, sdk.ResultHealed, sdk.ResultFailed, sdk.ResultAborted, sdk.ResultRecorded)
	approvalStates = words(record.ApprovalPending, record.ApprovalApproved, record.ApprovalRejected, record.ApprovalExpired, record.ApprovalSuperseded)
)

// words joins the states of a kind with those that all kinds have.
func words[S ~string](own ...S) []string {
	out := slices.Clone(incidentStates)
	for _, s := range own {
		out = append(out, string(s))
	}
	return out
}

// listed turns a filter into a search and what it finds into what the API shows.
func listed[From, To any](ctx context.Context, f api.Filter, states []string, find func(context.Context, heal.Search) ([]From, error), show func(From) To) ([]To, error) {
	if f.State != "" && !slices.Contains(states, f.State) {
		return nil, &api.Problem{Status: http.StatusUnprocessableEntity, Detail: fmt.Sprintf("state %q is unknown", f.State), Hint: "want one of " + strings.Join(states, ", ")}
	}
	found, err := find(ctx, heal.Search{Query: Query(f), Limit: f.Limit})
	return convert(found, show), err
}

// Query is a filter in the words of healing.
func Query(f api.Filter) catalog.Query {
	return catalog.Query{
		Component: f.Component, Incident: f.Incident, State: f.State, Since: f.Since, After: catalog.Place(f.After),
	}
}

// one returns what has that id.
func one[From, To any](ctx context.Context, what, id string, find func(context.Context, string) (From, bool, error), show func(From) To) (To, error) {
	var none To
	found, ok, err := find(ctx, id)
	switch {
	case err != nil:
		return none, err
	case !ok:
		return none, notFound(what, id)
	}
	return show(found), nil
}
