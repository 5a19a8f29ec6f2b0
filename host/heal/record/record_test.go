package record

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func full() Incident {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}, Reason: "why"}
	return Incident{
		ID: "inc_1", Component: "web", Components: []string{"web", "api"}, Signature: "web:exit", Severity: sdk.SeverityHigh,
		State: StateWaitingApproval, Phase: PhaseApproval, Opened: at, NextTryAt: Time(at), Shared: true,
		Anomalies:  []Anomaly{{Anomaly: sdk.Anomaly{Component: "web", Kind: "exit"}, ID: "ano_1", Open: true}},
		Recoveries: []Recovery{{ID: "rec_1", Proposal: p, EndedAt: Time(at), Steps: []Step{{At: at, Text: "done"}}}},
		Approvals:  []Approval{{ID: "app_1", Proposal: p, State: ApprovalPending}},
		History:    []Entry{{At: at, State: StateOpen, Text: "opened"}},
	}
}

func TestIncidentSurvivesJSON(t *testing.T) {
	want := full()
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Incident
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestCloneSharesNothingThatChanges(t *testing.T) {
	original, want := full(), full()
	c := original.Clone()
	c.Components[0], c.Anomalies[0].Open, c.Recoveries[0].Result = "x", false, sdk.ResultFailed
	c.Recoveries[0].Steps[0].Text, c.Approvals[0].State, c.History[0].Text = "x", ApprovalExpired, "x"
	if !reflect.DeepEqual(original, want) {
		t.Errorf("a change of the clone changed the original: %+v", original)
	}
}

func TestRunningAndPendingAreTheOpenOnes(t *testing.T) {
	i := full()
	if i.Running() != nil {
		t.Error("a recovery that has ended is running")
	}
	i.Recoveries[0].EndedAt = nil
	if r := i.Running(); r == nil || r.ID != "rec_1" {
		t.Errorf("running is %+v", r)
	}
	if a := i.Pending(); a == nil || a.ID != "app_1" {
		t.Errorf("pending is %+v", a)
	}
	i.Approvals[0].State = ApprovalRejected
	if i.Pending() != nil {
		t.Error("an answered question is pending")
	}
}

func TestEveryPhaseHasAState(t *testing.T) {
	for _, p := range []Phase{PhaseIdle, PhaseConfirming, PhaseAsking, PhaseActing, PhaseVerifying, PhaseHolding, PhaseApproval, PhaseWaiting, PhaseHandedOver, PhaseResolved} {
		if p.State() == "" {
			t.Errorf("phase %s has no state", p)
		}
	}
}
