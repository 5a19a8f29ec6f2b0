package heal

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func in(mode policy.Mode) Settings {
	set := automated("web")
	set.Mode = mode
	return set
}

func TestModesDecideWhoHasToAgree(t *testing.T) {
	cases := map[string]struct {
		daemon   policy.Mode
		own      policy.Own
		severity sdk.Severity
		want     record.State
	}{
		"automated, critical":      {policy.Automated, policy.Own{}, sdk.SeverityCritical, record.StateHolding},
		"supervised, medium":       {policy.Supervised, policy.Own{}, sdk.SeverityMedium, record.StateHolding},
		"supervised, high":         {policy.Supervised, policy.Own{}, sdk.SeverityHigh, record.StateWaitingApproval},
		"manual, low":              {policy.Manual, policy.Own{}, sdk.SeverityLow, record.StateWaitingApproval},
		"learning":                 {policy.Learning, policy.Own{}, sdk.SeverityMedium, record.StateWaiting},
		"component stricter":       {policy.Automated, policy.Own{Mode: policy.Manual}, sdk.SeverityLow, record.StateWaitingApproval},
		"component freer":          {policy.Manual, policy.Own{Mode: policy.Automated}, sdk.SeverityLow, record.StateWaitingApproval},
		"component freer and wins": {policy.Manual, policy.Own{Mode: policy.Automated, Wins: true}, sdk.SeverityHigh, record.StateHolding},
		"component learns":         {policy.Manual, policy.Own{Mode: policy.Learning}, sdk.SeverityLow, record.StateWaiting},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "web")
				set := in(c.daemon)
				set.Components[0].Mode = c.own
				w.boot(set, &restarter{})
				defer w.halt()
				w.report("web", sdk.AnomalyThreshold, c.severity)
				synctest.Wait()
				w.wantState(c.want)
				if acted := len(w.ordered()) > 0; acted != (c.want == record.StateHolding) {
					t.Errorf("acted is %v in state %s", acted, c.want)
				}
			})
		})
	}
}

// asking boots a world in manual mode with one approval pending.
func asking(t *testing.T) (*world, record.Approval) {
	w := newWorld(t, "web")
	w.boot(in(policy.Manual), &restarter{})
	w.crash("web", 1)
	synctest.Wait()
	all := w.approvals()
	if len(all) != 1 || all[0].State != record.ApprovalPending {
		t.Fatalf("approvals are %+v, want one pending", all)
	}
	return w, all[0]
}

func TestApprovingTwiceActsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := asking(t)
		defer w.halt()
		for range 2 {
			if err := w.heal.Approve(a.ID, a.Hash, "ann"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		w.wantOrders("restart web")
		if got := w.only().Recoveries[0].ApprovedBy; got != "ann" {
			t.Errorf("approved by %q, want ann", got)
		}
	})
}

func TestWrongAnswersToApprovalsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := asking(t)
		defer w.halt()
		answers := map[string]error{
			"unknown id":     w.heal.Approve("app_none", "", "ann"),
			"another hash":   w.heal.Approve(a.ID, "0123456789abcdef", "ann"),
			"unknown reject": w.heal.Reject("app_none", "no", "ann"),
		}
		for name, err := range answers {
			var refusal *machine.Refusal
			if !errors.As(err, &refusal) {
				t.Errorf("%s: got %v, want a refusal", name, err)
			}
		}
		synctest.Wait()
		w.wantOrders()
	})
}

func TestRejectedProposalIsLeftToThePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := asking(t)
		defer w.halt()
		if err := w.heal.Reject(a.ID, "not at night", "ann"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		inc := w.wantState(record.StateHandedOver)
		if inc.Recoveries[0].Result != sdk.ResultRejected || inc.Approvals[0].Text != "not at night" {
			t.Errorf("recovery %s, text %q; want rejected with the reason", inc.Recoveries[0].Result, inc.Approvals[0].Text)
		}
		if err := w.heal.Approve(a.ID, "", "bob"); err == nil {
			t.Error("a rejected proposal could be approved afterwards")
		}
		w.wantOrders()
	})
}

func TestRejectedActionsAreNotAskedForAgainByEachNewAnomaly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := asking(t)
		defer w.halt()
		if err := w.heal.Reject(a.ID, "not at night", "ann"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		w.sicken("web")
		synctest.Wait()
		if inc := w.wantState(record.StateHandedOver); len(inc.Approvals) != 1 {
			t.Errorf("%d questions, want the rejected one alone", len(inc.Approvals))
		}
		time.Sleep(time.Hour)
		w.report("web", sdk.AnomalyThreshold, sdk.SeverityLow)
		synctest.Wait()
		w.wantState(record.StateWaitingApproval)
	})
}

func TestExpiredApprovalIsAskedForOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, first := asking(t)
		defer w.halt()
		time.Sleep(time.Hour + time.Second)
		synctest.Wait()
		w.wantState(record.StateWaitingApproval)
		inc := w.only()
		second := inc.Pending()
		if second == nil || second.ID == first.ID || !second.Renewed {
			t.Fatalf("the second question is %+v, want a renewed one", second)
		}
		if err := w.heal.Approve(first.ID, "", "ann"); err == nil {
			t.Error("an expired approval was accepted")
		}
		time.Sleep(time.Hour + time.Second)
		synctest.Wait()
		w.wantState(record.StateHandedOver)
		w.wantOrders()
	})
}

func TestChangedProposalSupersedesTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		calls := 0
		w.boot(in(policy.Manual), scripted{"fickle", func(sdk.Incident) (sdk.Proposal, error) {
			calls++
			if calls == 1 {
				return sdk.Proposal{Actions: []sdk.Action{sdk.Reload{Component: "web"}}, Reason: "gently"}, nil
			}
			return sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}, Reason: "firmly"}, nil
		}})
		defer w.halt()
		w.sicken("web")
		synctest.Wait()
		first := w.only().Approvals[0]
		w.crash("web", 1)
		synctest.Wait()
		all := w.only().Approvals
		if len(all) != 2 || all[0].State != record.ApprovalSuperseded || all[1].State != record.ApprovalPending {
			t.Fatalf("approvals are %+v, want the first superseded by a second", all)
		}
		if err := w.heal.Approve(first.ID, first.Hash, "ann"); err == nil {
			t.Error("a superseded proposal was approved")
		}
		if all[0].Hash == all[1].Hash {
			t.Error("different proposals have the same hash")
		}
	})
}

func TestApprovalOfAConditionThatIsOverActsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := asking(t)
		defer w.halt()
		w.recover("web", 1)
		synctest.Wait()
		w.wantState(record.StateResolved)
		if err := w.heal.Approve(a.ID, a.Hash, "ann"); err == nil {
			t.Error("an approval was accepted after the incident had ended")
		}
		w.wantOrders()
	})
}

func TestYesToAHalfOpenTrialHoldsForItsRepetitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(in(policy.Supervised), &restarter{pause: 30 * time.Second, probing: 1})
		defer w.halt()
		w.parts["web"].next = func(uint64) future {
			return future{state: sdk.StateStarting, verdict: sdk.Inconclusive, crashAfter: time.Second}
		}
		w.crash("web", 1)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		w.wantOrders("restart web")
		inc := w.wantState(record.StateWaitingApproval)
		if err := w.heal.Approve(inc.Pending().ID, "", "ann"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(65 * time.Second)
		synctest.Wait()
		w.wantOrders("restart web", "restart web", "restart web", "restart web")
	})
}

func TestLearningModeRecordsOnceInAQuarantinePeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(in(policy.Learning), &restarter{})
		defer w.halt()
		w.crash("web", 1)
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		inc := w.wantState(record.StateWaiting)
		if len(inc.Recoveries) != 1 || inc.Recoveries[0].Result != sdk.ResultRecorded {
			t.Errorf("recoveries are %+v, want one recorded", inc.Recoveries)
		}
		w.wantOrders()
	})
}

func TestModeIsChangedLiveAndRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := asking(t)
		if err := w.heal.SetMode("automatic", "ann"); err == nil {
			t.Error("an unknown mode was accepted")
		}
		if err := w.heal.SetMode("automated", "ann"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.wantOrders("restart web")
		if got := w.only().Approvals[0].State; got != record.ApprovalSuperseded {
			t.Errorf("the question is %s after the mode allows to act, want superseded", got)
		}
		w.halt()
		w.boot(in(policy.Manual), &restarter{})
		defer w.halt()
		if got := w.heal.Mode(); got != policy.Automated {
			t.Errorf("after a restart the mode is %s, want what was set live", got)
		}
		if live, configured := w.heal.ModeSetLive(); !live || configured != policy.Manual {
			t.Errorf("live %v, configured %s; want that it is set live and that the settings say manual", live, configured)
		}
		if err := w.heal.UnsetMode("ann"); err != nil {
			t.Fatal(err)
		}
		if got := w.heal.Mode(); got != policy.Manual {
			t.Errorf("the mode is %s when none is set, want that of the settings", got)
		}
	})
}

func TestModeOfTheSettingsHoldsWhereNoneIsSetLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(in(policy.Automated), &restarter{})
		// What else is durable makes no order of the mode.
		if _, err := w.heal.StartMaintenance(Window{Component: "web", For: time.Minute, By: "ann"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.halt()
		w.boot(in(policy.Manual), &restarter{})
		defer w.halt()
		if got := w.heal.Mode(); got != policy.Manual {
			t.Errorf("after a restart with other settings the mode is %s, want theirs", got)
		}
		time.Sleep(time.Hour)
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders()
		if got := w.only().Approvals; len(got) != 1 {
			t.Fatalf("%d approvals in mode manual, want one", len(got))
		}
		// So it is when they are read anew while the daemon runs.
		if err := w.heal.Reload(in(policy.Automated), PromotionSuggest); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.wantOrders("restart web")
	})
}

func TestModeOfAComponentIsSetLiveAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := asking(t)
		defer func() { w.halt() }()
		if err := w.heal.SetOwnMode("web", policy.Own{Mode: policy.Automated}, "me"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.wantState(record.StateWaitingApproval) // the daemon's is stricter
		if err := w.heal.SetOwnMode("web", policy.Own{Mode: policy.Automated, Wins: true}, "me"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.wantState(record.StateHolding)
		w.halt()
		w.boot(in(policy.Manual), &restarter{})
		if got := w.heal.ModeOf("web"); got != policy.Automated || w.heal.OwnModes()["web"] != (policy.Own{Mode: policy.Automated, Wins: true}) {
			t.Errorf("got mode %s and %v after a restart, want what was set", got, w.heal.OwnModes())
		}
		if err := w.heal.SetOwnMode("web", policy.Own{}, "me"); err != nil || w.heal.ModeOf("web") != policy.Manual {
			t.Errorf("got %v and mode %s, want the settings' again", err, w.heal.ModeOf("web"))
		}
	})
}

func TestWrongModesOfComponentsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := asking(t)
		defer w.halt()
		var no *machine.Refusal
		for component, mode := range map[string]policy.Mode{"web": "reckless", "nobody": policy.Manual, sdk.HostComponent: policy.Manual} {
			if err := w.heal.SetOwnMode(component, policy.Own{Mode: mode}, "me"); !errors.As(err, &no) {
				t.Errorf("%s of %s: got %v, want a refusal", mode, component, err)
			}
		}
		if len(w.heal.OwnModes()) > 0 {
			t.Errorf("got %v set", w.heal.OwnModes())
		}
	})
}
