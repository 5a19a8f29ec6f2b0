package changes

import (
	"context"
	"testing"

	"github.com/homeostat/homeostat/host/act"
	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/sdk"
)

// asked is healing with one proposal that waits.
type asked struct {
	api.Healing
	proposal sdk.Proposal
}

func (h asked) Approval(_ context.Context, id string) (api.Approval, error) {
	return api.Approval{ID: id, Proposal: h.proposal}, nil
}

func TestApprovalSaysHowEachActionIsTakenBack(t *testing.T) {
	proposal := sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}, sdk.RunDeclared{Component: "web", Name: "purge"}}}
	weigh := func(a sdk.Action) act.Weight {
		if a.Kind() == sdk.KindRestart {
			return act.Weight{Class: act.Harmless, Undo: "none"}
		}
		return act.Weight{Class: act.Irreversible, Undo: "none"}
	}
	got, err := Approvals{Healing: asked{proposal: proposal}, Weigh: weigh}.Approval(t.Context(), "app_1")
	want := []api.Undo{{Action: "restart web", Class: "harmless", Undo: "none"}, {Action: "run_declared web/purge", Class: "irreversible", Undo: "none"}}
	if err != nil || len(got.Undo) != 2 || got.Undo[0] != want[0] || got.Undo[1].Class != want[1].Class {
		t.Errorf("got %+v, %v, want %+v", got.Undo, err, want)
	}
}
