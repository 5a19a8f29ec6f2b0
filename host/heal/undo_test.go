package heal

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/handover"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/storm"
	"github.com/homeostat/homeostat/sdk"
)

// mover proposes to move a parameter, or whatever actions it is given.
func mover(name string, actions ...sdk.Action) Strategy {
	return scripted{name, func(in sdk.Incident) (sdk.Proposal, error) {
		if in.Component != actions[0].Target() {
			return sdk.Proposal{Reason: "not mine"}, nil
		}
		return sdk.Proposal{Actions: actions, Reason: "it may help"}, nil
	}}
}

var tune = sdk.SetParameters{Component: "web", Values: map[string]sdk.Value{"workers": {Number: 16}}}

func TestWhatDidNotHelpIsTakenBackAndTheNextRungIsAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), mover("reconfigure", tune), &restarter{})
		defer w.halt()
		w.parts["web"].next = func(uint64) future { return hung }
		w.sicken("web")
		time.Sleep(time.Second)
		synctest.Wait()
		w.wantOrders("restart web", "set_parameters web", "undo set_parameters web")
		inc := w.wantState(record.StateWaiting)
		if rec := inc.Recoveries[1]; rec.Result != sdk.ResultFailed || rec.RestsUntil == nil || rec.Steps[len(rec.Steps)-1].Text != "moved back" {
			t.Errorf("the second recovery is %+v, want failed, resting, taken back", rec)
		}
		if last := inc.History[len(inc.History)-1].Text; !strings.Contains(last, "restart: it failed and rests until") {
			t.Errorf("the history says %q, want who rests", last)
		}
	})
}

func TestFailureOfALaterActionTakesTheEarlierOnesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		stop, command := sdk.Stop{Component: "web"}, sdk.RunDeclared{Component: "web", Name: "drain"}
		w.boot(automated("web"), mover("both", stop, tune, command))
		defer w.halt()
		w.moved = func(a sdk.Action) error {
			if a.Kind() == sdk.KindRunDeclared {
				return errors.New("exit status 3")
			}
			return nil
		}
		w.sicken("web")
		time.Sleep(time.Second)
		synctest.Wait()
		w.wantOrders("stop web", "set_parameters web", "run_declared web", "undo run_declared web", "undo set_parameters web", "undo stop web")
		if inc := w.only(); !strings.Contains(inc.Recoveries[0].Text, "exit status 3") || inc.Recoveries[0].Result != sdk.ResultFailed {
			t.Errorf("the recovery is %s (%s), want failed for the command", inc.Recoveries[0].Result, inc.Recoveries[0].Text)
		}
	})
}

// worse boots a world whose web is helped by moving a parameter.
func worse(t *testing.T) *world {
	w := newWorld(t, "web", "store")
	w.boot(automated("web", "store"), mover("reconfigure", tune))
	w.moved = func(sdk.Action) error {
		w.parts["web"].verdict = sdk.Pass
		w.lives.Go(func() { w.recover("web", 1) })
		return nil
	}
	w.sicken("web")
	synctest.Wait()
	w.wantOrders("set_parameters web")
	return w
}

func TestRemedyThatHarmsAnotherIsTakenBackWithinTheHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := worse(t)
		defer w.halt()
		time.Sleep(30 * time.Second)
		w.report("store", sdk.AnomalySaturation, sdk.SeverityHigh)
		time.Sleep(9 * time.Second)
		synctest.Wait()
		w.wantOrders("set_parameters web")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		w.wantOrders("set_parameters web", "undo set_parameters web")
		rec := w.recoveries()[0]
		if rec.Result != sdk.ResultFailed || !strings.Contains(rec.Text, "it made things worse: store") {
			t.Errorf("the recovery is %s (%s), want failed, because the store is worse", rec.Result, rec.Text)
		}
		if !slices.Contains(w.audits, "regression") {
			t.Error("the regression is not in the audit log")
		}
	})
}

func TestTroubleElsewhereThatPassesOrWeighsNoMoreTakesNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := worse(t)
		defer w.halt()
		w.report("store", sdk.AnomalySaturation, sdk.SeverityHigh)
		time.Sleep(8 * time.Second)
		w.ended("store", sdk.AnomalySaturation)
		time.Sleep(20 * time.Second)
		w.report("store", sdk.AnomalyThreshold, sdk.SeverityMedium) // as bad as the web was
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		w.wantOrders("set_parameters web")
		if rec := w.recoveries()[0]; rec.Result != sdk.ResultHealed {
			t.Errorf("the recovery is %s (%s), want healed", rec.Result, rec.Text)
		}
	})
}

func TestUndoThatFailsIsSaidAndTriedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), mover("reconfigure", tune))
		defer w.halt()
		w.receipt = "lost"
		w.sicken("web")
		time.Sleep(time.Minute)
		synctest.Wait()
		w.wantOrders("set_parameters web", "undo set_parameters web")
		if inc := w.only(); inc.Severity != sdk.SeverityHigh || !slices.Contains(w.audits, "undo_failed") {
			t.Errorf("severity %s, audits %v; want high and undo_failed", inc.Severity, w.audits)
		}
	})
}

func TestStormLimitHoldsBackWhateverAStrategyWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web", "store")
		set := automated("web", "store")
		set.Storm = storm.Limits{Component: 3, Host: 4, Window: 10 * time.Minute}
		w.boot(set, &restarter{})
		crash := func(uint64) future { return future{state: sdk.StateStarting, crashAfter: time.Second} }
		w.parts["web"].next, w.parts["store"].next = crash, crash
		w.crash("web", 1)
		time.Sleep(time.Minute)
		synctest.Wait()
		w.wantOrders("restart web", "restart web", "restart web")
		w.crash("store", 1)
		time.Sleep(time.Minute)
		synctest.Wait()
		w.wantOrders("restart web", "restart web", "restart web", "restart store")
		w.halt()
		w.boot(set, &restarter{})
		defer w.halt()
		for _, name := range []string{"web", "store"} {
			w.report(name, sdk.AnomalyExit, sdk.SeverityMedium) // the detector sees it still
		}
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		w.wantOrders("restart web", "restart web", "restart web", "restart store")
		time.Sleep(2 * time.Minute)
		if got := len(w.ordered()); got <= 4 || got > 8 {
			t.Errorf("%d orders when the window is over, want some more and no storm", got)
		}
		for _, inc := range w.heal.Incidents() {
			if inc.Severity != sdk.SeverityHigh {
				t.Errorf("%s is %s, want high when a limit is reached", inc.Component, inc.Severity)
			}
		}
	})
}

func TestPersonIsCalledLastWithEverythingKnownAndTrialsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), handover.Strategy{}, &restarter{})
		defer w.halt()
		w.parts["web"].next = func(uint64) future { return hung }
		w.sicken("web")
		time.Sleep(time.Second)
		synctest.Wait()
		w.wantOrders("restart web")
		inc := w.wantState(record.StateHandedOver)
		if last := inc.History[len(inc.History)-1].Text; !strings.Contains(last, "web needs a person") || !strings.Contains(last, "restart [restart]: failed") {
			t.Errorf("the history says %q, want what was tried", last)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		w.wantOrders("restart web", "restart web")
	})
}

func TestLadderOfTheComponentWinsOverTheDaemons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web", "store")
		set := automated("web", "store")
		set.Ladder = []string{"missing", "tune-store", "restart"}
		set.Components[0].Ladder = []string{"restart"}
		w.boot(set, &restarter{}, mover("tune-store", sdk.SetParameters{Component: "store", Values: tune.Values}), mover("tune-web", tune))
		defer w.halt()
		w.sicken("web")
		synctest.Wait()
		w.sicken("store")
		synctest.Wait()
		w.wantOrders("restart web", "set_parameters store", "undo set_parameters store", "restart store")
	})
}
