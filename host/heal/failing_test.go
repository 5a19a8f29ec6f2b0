package heal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func TestRestartThatDoesNotHelpIsQuarantinedForTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.parts["web"].next = func(uint64) future { return hung }
		w.sicken("web")
		time.Sleep(9*time.Minute + 50*time.Second)
		synctest.Wait()
		w.wantOrders("restart web")
		if inc := w.wantState(record.StateWaiting); inc.QuarantinedUntil == nil || inc.Recoveries[0].Result != sdk.ResultFailed {
			t.Errorf("quarantine until %v, result %s; want a quarantine after a failure", inc.QuarantinedUntil, inc.Recoveries[0].Result)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		w.wantOrders("restart web", "restart web")
	})
}

func TestQuarantineEndsWhenTheComponentIsHealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.parts["web"].next = func(uint64) future { return hung }
		w.sicken("web")
		time.Sleep(time.Minute)
		w.recover("web", 2)
		synctest.Wait()
		w.wantState(record.StateResolved)
	})
}

func TestCrashLoopIsTriedAgainByTheStrategysBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{pause: 10 * time.Second})
		defer w.halt()
		w.parts["web"].next = func(uint64) future {
			return future{state: sdk.StateStarting, verdict: sdk.Inconclusive, crashAfter: 200 * time.Millisecond}
		}
		w.crash("web", 1)
		time.Sleep(65 * time.Second)
		w.mu.Lock()
		w.parts["web"].next = func(uint64) future { return fine }
		w.mu.Unlock()
		if got := len(w.ordered()); got != 7 {
			t.Errorf("%d restarts in 65 s with a pause of 10 s, want 7", got)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		w.wantState(record.StateHolding)
		if inc := w.only(); len(inc.Recoveries) != 8 {
			t.Errorf("%d recoveries, want 8 in one incident", len(inc.Recoveries))
		}
	})
}

func TestStartThatFailsAtOnceIsTriedAgainWithoutQuarantine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{pause: 5 * time.Second})
		defer w.halt()
		w.parts["web"].next = func(g uint64) future {
			if g < 4 {
				return future{state: sdk.StateDown, verdict: sdk.Fail, err: errors.New("no such program")}
			}
			return fine
		}
		w.crash("web", 1)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		inc := w.wantState(record.StateHolding)
		if text := inc.Recoveries[0].Text; !strings.Contains(text, "no such program") {
			t.Errorf("the failed recovery says %q, want the cause", text)
		}
	})
}

func TestSlowStartGetsExactlyOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.parts["web"].next = func(uint64) future {
			return future{state: sdk.StateStarting, verdict: sdk.Inconclusive, readyAfter: 40 * time.Second}
		}
		w.sicken("web")
		time.Sleep(39 * time.Second)
		w.report("web", sdk.AnomalyProbe, sdk.SeverityMedium) // the detector still says what it saw before
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		w.wantOrders("restart web")
		w.wantState(record.StateResolved)
	})
}

func TestComponentThatNeverAnswersFailsItsRecoveryInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.parts["web"].next = func(uint64) future { return future{state: sdk.StateStarting, verdict: sdk.Inconclusive} }
		w.crash("web", 1)
		time.Sleep(5*time.Minute + time.Second)
		synctest.Wait()
		inc := w.wantState(record.StateWaiting)
		if got := inc.Recoveries[0]; got.Result != sdk.ResultFailed || !strings.Contains(got.Text, "no healthy verdict") {
			t.Errorf("the recovery is %s (%s), want failed for want of a verdict", got.Result, got.Text)
		}
	})
}

// TestQuickProbeDoesNotKeepASlowOneFromBeingHeard lets one probe pass every
// half second while the look at all of them takes longer and fails.
func TestQuickProbeDoesNotKeepASlowOneFromBeingHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.slow = 1500 * time.Millisecond
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.parts["web"].next = func(uint64) future { return hung }
		w.sicken("web")
		for range 10 {
			time.Sleep(500 * time.Millisecond)
			w.observe(sdk.Event{Component: "web", Type: sdk.EventProbe, Time: time.Now(), Probe: &sdk.ProbeResult{Verdict: sdk.Pass}})
		}
		if inc := w.wantState(record.StateWaiting); inc.Recoveries[0].Result != sdk.ResultFailed {
			t.Errorf("the recovery is %s, want failed", inc.Recoveries[0].Result)
		}
	})
}

func TestRecurrenceWithinTheHoldTimeIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, strategy := newWorld(t, "web"), &restarter{}
		w.boot(automated("web"), strategy)
		defer w.halt()
		w.crash("web", 1)
		time.Sleep(90 * time.Second)
		w.crash("web", 2)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		w.wantState(record.StateResolved)
		if want := []sdk.Result{sdk.ResultFailed, sdk.ResultHealed}; !slices.Equal(strategy.learnt, want) {
			t.Errorf("learnt %v, want %v", strategy.learnt, want)
		}
	})
}

func TestHangThatComesBackAfterHealthIsRepairedAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.sicken("web")
		time.Sleep(30 * time.Second)
		w.wantState(record.StateHolding)
		w.sicken("web")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		w.wantOrders("restart web", "restart web")
	})
}

func TestSameTroubleSoonAfterOpensTheIncidentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.crash("web", 1)
		time.Sleep(150 * time.Second)
		w.wantState(record.StateResolved)
		w.crash("web", 2)
		synctest.Wait()
		if inc := w.wantState(record.StateHolding); len(inc.Recoveries) != 2 || inc.Resolved != nil {
			t.Errorf("%d recoveries, resolved %v; want the old incident open again", len(inc.Recoveries), inc.Resolved)
		}
	})
}

func TestReportFromBeforeTheActionDecidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.crash("web", 1)
		synctest.Wait()
		time.Sleep(time.Second)
		old := sdk.Window{Component: "web", End: time.Now(), Status: sdk.ComponentStatus{Generation: 1}}
		late := sdk.Anomaly{Kind: sdk.AnomalyExit, Key: "other", Severity: sdk.SeverityMedium, Start: time.Now(), TTL: time.Hour}
		if err := w.heal.Report("slow", old, []sdk.Anomaly{late}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.wantState(record.StateHolding)
		w.wantOrders("restart web")
		if a := w.anomaly("web"); !strings.HasPrefix(a.Label, "late") {
			t.Errorf("the late anomaly is labelled %q", a.Label)
		}
	})
}

func TestAtMostThreeAreWorkedOnAndTheWorstComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for n := range 6 {
			names = append(names, fmt.Sprintf("svc%d", n))
		}
		w := newWorld(t, names...)
		w.boot(automated(names...), &restarter{})
		defer w.halt()
		for n, name := range names {
			w.parts[name].next = func(uint64) future {
				return future{state: sdk.StateStarting, verdict: sdk.Inconclusive, readyAfter: time.Duration(10+n) * time.Second}
			}
			severity := sdk.SeverityMedium
			if n == 5 {
				severity = sdk.SeverityCritical
			}
			w.report(name, "custom/"+name, severity)
		}
		time.Sleep(9 * time.Second)
		first := w.ordered()
		slices.Sort(first)
		if want := []string{"restart svc0", "restart svc1", "restart svc2"}; !slices.Equal(first, want) {
			t.Errorf("orders %v while three are worked on, want %v", first, want)
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if got := w.ordered(); len(got) != 4 || got[3] != "restart svc5" {
			t.Errorf("orders %v when one slot is free, want the critical one as the fourth", got)
		}
	})
}

func TestActionIsNotBegunWhenItsIntentCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.mu.Lock()
		w.broken = errors.New("no space left on device")
		w.mu.Unlock()
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders()
		inc := w.only()
		if text := inc.Recoveries[0].Text; !strings.Contains(text, "no space left") {
			t.Errorf("the recovery says %q, want the disk's error", text)
		}
		w.mu.Lock()
		w.broken = nil
		w.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		w.wantOrders("restart web")
	})
}
