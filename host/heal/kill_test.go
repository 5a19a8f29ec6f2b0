package heal

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// TestKillAtAnyStepForgetsNothingAndRepeatsNothingBlindly kills the daemon at
// each of its writes and inside its action, boots another one on what reached
// the disk, and wants the component healthy after at most one order more than
// was needed, and none at all for a component that is healthy already.
func TestKillAtAnyStepForgetsNothingAndRepeatsNothingBlindly(t *testing.T) {
	reached := 0
	for step := 1; ; step++ {
		survived := false
		synctest.Test(t, func(t *testing.T) { survived = killedAt(t, step) })
		if survived {
			break
		}
		reached = step
	}
	if reached < 5 {
		t.Fatalf("the sweep ended after %d steps, want several writes and the action", reached)
	}
	t.Logf("killed at each of %d steps", reached)
}

// killedAt reports whether the daemon lived through the whole scenario.
func killedAt(t *testing.T, step int) bool {
	w := newWorld(t, "web")
	w.kill = step
	w.boot(automated("web"), &restarter{})
	w.crash("web", 1)
	time.Sleep(4 * time.Minute)
	synctest.Wait()
	dead := w.dead
	healthy := w.parts["web"].verdict == sdk.Pass
	before := len(w.ordered())
	w.halt()
	w.mu.Lock()
	w.dead, w.kill = false, 0
	w.mu.Unlock()

	w.boot(automated("web"), &restarter{})
	defer w.halt()
	time.Sleep(time.Second)
	if w.Confirm(t.Context(), "web") != sdk.Pass {
		w.report("web", sdk.AnomalyExit, sdk.SeverityMedium) // the detector sees it still
	}
	time.Sleep(15 * time.Minute)
	synctest.Wait()
	after := len(w.ordered())
	switch {
	case healthy && after != before:
		t.Errorf("killed at step %d: %d more orders for a component that was healthy: %v", step, after-before, w.told())
	case !healthy && after != before+1:
		t.Errorf("killed at step %d: %d more orders for a component that was down, want one", step, after-before)
	}
	for _, inc := range w.heal.Incidents() {
		if inc.State != record.StateResolved {
			t.Errorf("killed at step %d: %s is still %s: %+v", step, inc.ID, inc.State, inc.History)
		}
	}
	return !dead
}

// TestKillAtAnyStepOfAnUndoLeavesNothingMovedAndNothingForgotten kills the
// daemon at each of its writes and inside each order of a recovery whose second
// action fails, so that both are taken back before the next rung helps. What an
// change that was cut off has done is for the pipeline to take back at its start;
// everything else has to be moved back as often as it was moved.
func TestKillAtAnyStepOfAnUndoLeavesNothingMovedAndNothingForgotten(t *testing.T) {
	reached := 0
	for step := 1; ; step++ {
		survived := false
		synctest.Test(t, func(t *testing.T) { survived = killedWhileMoving(t, step) })
		if survived {
			break
		}
		reached = step
	}
	if reached < 15 {
		t.Fatalf("the sweep ended after %d steps, want two actions, their undo and a restart", reached)
	}
	t.Logf("killed at each of %d steps", reached)
}

func killedWhileMoving(t *testing.T, step int) bool {
	w := newWorld(t, "web")
	w.kill = step
	ladder := func() []Strategy {
		return []Strategy{mover("both", tune, sdk.RunDeclared{Component: "web", Name: "drain"}), handRestart{}}
	}
	set := automated("web")
	set.Ladder = []string{"both", "by-hand"}
	w.moved = func(a sdk.Action) error {
		if a.Kind() == sdk.KindRunDeclared {
			return errors.New("exit status 3")
		}
		return nil
	}
	w.boot(set, ladder()...)
	w.sicken("web")
	time.Sleep(4 * time.Minute)
	synctest.Wait()
	dead, cut := w.dead, w.cut
	w.halt()
	w.mu.Lock()
	w.dead, w.kill = false, 0
	w.mu.Unlock()
	w.boot(set, ladder()...)
	defer w.halt()
	time.Sleep(time.Second)
	if w.Confirm(t.Context(), "web") != sdk.Pass {
		w.report("web", sdk.AnomalyProbe, sdk.SeverityMedium) // the detector sees it still
	}
	time.Sleep(15 * time.Minute)
	synctest.Wait()
	orders := w.ordered()
	for _, kind := range []string{"set_parameters web", "run_declared web"} {
		done, undone := count(orders, kind), count(orders, "undo "+kind)
		if cut == kind && kind == "set_parameters web" {
			done-- // the pipeline takes it back at its start
		}
		if undone < done || done > 2 || undone > done+1 {
			t.Errorf("killed at step %d (in %q): %s was done %d times and taken back %d times: %v", step, cut, kind, done, undone, orders)
		}
	}
	if got := count(orders, "restart web"); got < 1 || got > 2 {
		t.Errorf("killed at step %d: %d restarts, want one, and one more at most: %v", step, got, orders)
	}
	for _, inc := range w.heal.Incidents() {
		if inc.State != record.StateResolved {
			t.Errorf("killed at step %d: %s is still %s: %+v", step, inc.ID, inc.State, inc.History)
		}
	}
	return !dead
}

// told are the courses of all incidents.
func (w *world) told() []string {
	var out []string
	for _, inc := range w.heal.Incidents() {
		for _, e := range inc.History {
			out = append(out, fmt.Sprintf("%s %s %s: %s", inc.ID, e.At.Format(time.TimeOnly), e.State, e.Text))
		}
	}
	return out
}

func count(list []string, what string) int {
	n := 0
	for _, s := range list {
		if s == what {
			n++
		}
	}
	return n
}

// handRestart is a second rung.
type handRestart struct{}

func (handRestart) Name() string { return "by-hand" }

func (handRestart) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) {
	return sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: in.Component}}, Reason: "the other did not help"}, nil
}

func (handRestart) Learn(context.Context, sdk.Outcome) error { return nil }

func TestHoldTimeGoesOnAfterARestartOfTheDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, second := newWorld(t, "web"), &restarter{}
		w.boot(automated("web"), &restarter{})
		w.crash("web", 1)
		time.Sleep(time.Minute)
		w.halt()
		w.boot(automated("web"), second)
		defer w.halt()
		w.wantState(record.StateHolding)
		time.Sleep(61 * time.Second)
		synctest.Wait()
		w.wantState(record.StateResolved)
		if len(second.learnt) != 1 || second.learnt[0] != sdk.ResultHealed {
			t.Errorf("the strategy learnt %v, want that it healed", second.learnt)
		}
		w.wantOrders("restart web")
	})
}

func TestOldOpenIncidentIsNotForgottenAmongManyNewerOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web", "old")
		w.boot(automated("web", "old"), only("web"))
		w.say(sdk.Anomaly{Component: "old", Key: "k", Kind: "custom", Severity: sdk.SeverityMedium, Start: time.Now(), TTL: 10_000 * time.Hour})
		for range loadLimit + 10 {
			time.Sleep(10 * time.Minute)
			w.crash("web", w.parts["web"].generation)
			synctest.Wait()
		}
		w.halt()
		w.boot(automated("web", "old"), only("web"))
		defer w.halt()
		if id, _ := w.heal.Next("old"); id == "" {
			t.Error("the old incident is forgotten after a restart of the daemon")
		}
	})
}

func TestReportOfAnUnknownComponentOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.say(sdk.Anomaly{Component: "ghost", Key: "k", Kind: "custom", Severity: sdk.SeverityCritical})
		synctest.Wait()
		if got := w.heal.Anomalies(); len(got) != 0 {
			t.Errorf("an unknown component has anomalies: %+v", got)
		}
	})
}

func TestPendingApprovalSurvivesARestartOfTheDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := asking(t)
		w.halt()
		w.boot(in("manual"), &restarter{})
		defer w.halt()
		if err := w.heal.Approve(a.ID, a.Hash, "ann"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.wantOrders("restart web")
	})
}

func TestActionUnderWayIsFinishedBeforeRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		begun, finish := make(chan struct{}), make(chan struct{})
		w.parts["web"].next = func(uint64) future {
			close(begun)
			w.mu.Unlock()
			<-finish
			w.mu.Lock()
			return fine
		}
		w.crash("web", 1)
		<-begun
		go func() {
			time.Sleep(5 * time.Second)
			close(finish)
		}()
		began := time.Now()
		w.halt()
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("Run ended after %v, want when the action was done after 5 s", took)
		}
		if inc := w.wantState(record.StateRecovering); inc.Recoveries[0].ActedAt == nil {
			t.Error("the outcome of the action was not taken in")
		}
	})
}

// TestWhatEndedWhileNoDaemonWatchedSpeaksAgainstNoRecovery heals the web while the
// daemon is dead, with a hold that is shorter than detectors get to report what is
// still open.
func TestWhatEndedWhileNoDaemonWatchedSpeaksAgainstNoRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		set := automated("web")
		set.Hold = 5 * time.Second
		w.parts["web"].next = func(uint64) future { return hung }
		w.boot(set, &restarter{})
		w.slow = 10 * time.Second // the verdict is not there yet
		w.sicken("web")
		time.Sleep(time.Second)
		w.halt()
		w.wantOrders("restart web")
		w.slow = 0
		w.parts["web"].verdict = sdk.Pass
		w.boot(set, &restarter{})
		defer w.halt()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		w.wantOrders("restart web")
		if inc := w.wantState(record.StateResolved); inc.Recoveries[0].Result != sdk.ResultHealed {
			t.Errorf("the recovery is %s (%s), want healed", inc.Recoveries[0].Result, inc.Recoveries[0].Text)
		}
	})
}
