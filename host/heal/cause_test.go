package heal

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// shop is a web that depends on a store.
func shop() Settings {
	set := automated("store", "web")
	set.Components[1].DependsOn = []string{"store"}
	return set
}

func TestDependencyIsRestartedAndTheDependentIsNot(t *testing.T) {
	for _, first := range []string{"web", "store"} {
		t.Run(first+" is noticed first", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "store", "web")
				w.boot(shop(), &restarter{})
				defer w.halt()
				w.parts["store"].next = func(uint64) future { return future{state: sdk.StateStarting, readyAfter: 3 * time.Second} }
				if first == "web" {
					w.parts["store"].state, w.parts["store"].verdict = sdk.StateDown, sdk.Fail
					w.sicken("web")
					synctest.Wait()
					w.wantOrders()
					w.crash("store", 1)
				} else {
					w.crash("store", 1)
					synctest.Wait()
					w.sicken("web")
				}
				synctest.Wait()
				w.wantOrders("restart store")
				time.Sleep(3500 * time.Millisecond)
				w.recover("web", 1)
				time.Sleep(5 * time.Minute)
				w.wantOrders("restart store")
				for _, inc := range w.heal.Incidents() {
					if inc.State != record.StateResolved {
						t.Errorf("%s is %s after all is well: %+v", inc.ID, inc.State, inc.History)
					}
				}
			})
		})
	}
}

func TestDependentThatDoesNotRecoverByItselfIsRestartedAfterTheSettleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "store", "web")
		w.boot(shop(), &restarter{})
		defer w.halt()
		w.parts["store"].verdict, w.parts["store"].state = sdk.Fail, sdk.StateDown
		w.sicken("web")
		w.crash("store", 1)
		synctest.Wait()
		w.wantOrders("restart store")
		time.Sleep(9 * time.Second)
		synctest.Wait()
		w.wantOrders("restart store")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		w.wantOrders("restart store", "restart web")
	})
}

func TestCrashOfADependentWithAHealthyDependencyIsRepairedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "store", "web")
		w.boot(shop(), &restarter{})
		defer w.halt()
		w.crash("store", 1)
		synctest.Wait()
		begin := time.Now()
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders("restart store", "restart web")
		if passed := time.Since(begin); passed != 0 {
			t.Errorf("the web waited %v for a store that is healthy again", passed)
		}
	})
}

func TestTenServicesThatFailAlikeGetOneProbingRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for n := range 10 {
			names = append(names, fmt.Sprintf("svc%d", n))
		}
		w := newWorld(t, names...)
		w.boot(automated(names...), &restarter{})
		defer w.halt()
		for _, n := range names {
			w.parts[n].next = func(uint64) future { return hung }
			w.sicken(n)
			time.Sleep(300 * time.Millisecond)
		}
		time.Sleep(5 * time.Minute)
		if got := w.ordered(); len(got) != 1 {
			t.Errorf("orders %v while a common cause lasts, want one", got)
		}
		if inc := w.only(); !inc.Shared || inc.Severity != sdk.SeverityHigh || len(inc.Components) != 10 {
			t.Errorf("the incident is shared=%v, %s, of %d components; want one of ten, high", inc.Shared, inc.Severity, len(inc.Components))
		}
		for _, n := range names {
			w.recover(n, w.parts[n].generation)
		}
		synctest.Wait()
		w.wantState(record.StateResolved)
	})
}

func TestOthersThatFailAlikeAreTriedInTurnWhenTheFirstCannotBeHelped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b", "c")
		w.boot(automated("a", "b", "c"), &restarter{})
		defer w.halt()
		w.parts["a"].next = func(uint64) future { return hung }
		for _, n := range []string{"a", "b", "c"} {
			w.sicken(n)
		}
		time.Sleep(5*time.Minute + 50*time.Second)
		synctest.Wait()
		w.wantOrders("restart a")
		time.Sleep(20 * time.Second)
		synctest.Wait()
		got := w.ordered()
		if len(got) < 2 || got[1] != "restart b" {
			t.Fatalf("orders %v, want b tried after six minutes", got)
		}
		slices.Sort(got)
		if want := []string{"restart a", "restart b", "restart c"}; !slices.Equal(got, want) {
			t.Errorf("orders %v after b was helped, want c at once, and a in its rest", got)
		}
	})
}

func TestTrialThatEndsInAnotherWayFreesTheOthersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b", "c")
		w.boot(automated("a", "b", "c"), &restarter{pause: time.Minute})
		defer w.halt()
		w.parts["a"].next = func(uint64) future {
			return future{state: sdk.StateDown, verdict: sdk.Fail, err: errors.New("address in use")}
		}
		for _, n := range []string{"a", "b", "c"} {
			w.sicken(n)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		got := w.ordered()
		if len(got) < 3 || got[0] != "restart a" || got[1] != "restart b" {
			t.Errorf("orders %v, want b tried at once, for a's port says nothing about it", got)
		}
	})
}

func TestAtMostOneProbingRestartAtATimeWhateverLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for n := range 10 {
			names = append(names, fmt.Sprintf("svc%d", n))
		}
		w := newWorld(t, names...)
		w.boot(automated(names...), &restarter{})
		defer w.halt()
		for _, n := range names {
			w.parts[n].next = func(uint64) future { return hung }
			w.sicken(n)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		// An hour of a common outage: one trial every six minutes at most.
		if got := len(w.ordered()); got < 5 || got > 11 {
			t.Errorf("%d orders in an hour: %v, want one in six minutes", got, w.ordered())
		}
		if got := len(w.heal.Incidents()); got != 1 {
			t.Errorf("%d incidents, want one", got)
		}
	})
}

func TestRestEndsWhenAPersonChangesTheFilesOrADependencyIsReady(t *testing.T) {
	events := map[string]sdk.Event{
		"change":     {Component: "web", Type: sdk.EventChange, Text: "change mod_1 is watching"},
		"dependency": {Component: "store", Type: sdk.EventReady},
	}
	for name, e := range events {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "store", "web")
				w.boot(shop(), &restarter{})
				defer w.halt()
				w.parts["web"].next = func(uint64) future { return hung }
				w.sicken("web")
				time.Sleep(time.Minute)
				w.wantOrders("restart web")
				e.Time = time.Now()
				w.observe(e)
				synctest.Wait()
				w.wantOrders("restart web", "restart web")
			})
		})
	}
}

func TestRemedyThatHelpsOneOfThoseThatFailAlikeIsRepeatedOnTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b", "c")
		w.boot(automated("a", "b", "c"), &restarter{})
		defer w.halt()
		w.parts["a"].next = func(uint64) future { return future{state: sdk.StateStarting, readyAfter: time.Second} }
		for _, n := range []string{"a", "b", "c"} {
			w.sicken(n)
		}
		synctest.Wait()
		w.wantOrders("restart a")
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		got := w.ordered()
		slices.Sort(got)
		if want := []string{"restart a", "restart b", "restart c"}; !slices.Equal(got, want) {
			t.Errorf("orders %v after the first was helped, want %v", got, want)
		}
	})
}

func TestSecondOfTwoThatFailAlikeIsHeldBackForAMomentOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b")
		w.boot(automated("a", "b"), &restarter{})
		defer w.halt()
		w.parts["a"].next = func(uint64) future {
			return future{state: sdk.StateStarting, verdict: sdk.Inconclusive, readyAfter: 40 * time.Second}
		}
		w.sicken("a")
		time.Sleep(time.Second)
		w.sicken("b")
		time.Sleep(time.Second)
		w.wantOrders("restart a")
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		w.wantOrders("restart a", "restart b")
	})
}

func TestProcessesThatEndTogetherDoNotWaitForASlowStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b", "c")
		w.boot(automated("a", "b", "c"), &restarter{})
		defer w.halt()
		w.parts["a"].next = func(uint64) future {
			return future{state: sdk.StateStarting, verdict: sdk.Inconclusive, readyAfter: 40 * time.Second}
		}
		for _, n := range []string{"a", "b", "c"} {
			w.crash(n, 1)
		}
		synctest.Wait()
		w.wantOrders("restart a")
		time.Sleep(2500 * time.Millisecond)
		got := w.ordered()
		slices.Sort(got)
		if want := []string{"restart a", "restart b", "restart c"}; !slices.Equal(got, want) {
			t.Errorf("orders %v after a moment, want %v", got, want)
		}
	})
}

func TestProcessThatIsHeldExplainsNoFailureOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b", "c")
		w.boot(automated("a", "b", "c"), &restarter{})
		defer w.halt()
		w.parts["a"].next = func(uint64) future {
			return future{state: sdk.StateStarting, verdict: sdk.Inconclusive, readyAfter: 40 * time.Second}
		}
		w.say(sdk.Anomaly{Component: "a", Key: "probe/process", Kind: sdk.AnomalyProbe, Severity: sdk.SeverityMedium, Start: time.Now(), TTL: time.Hour})
		w.sicken("a")
		w.sicken("b")
		w.sicken("c")
		synctest.Wait()
		got := w.ordered()
		slices.Sort(got)
		if want := []string{"restart a", "restart b"}; !slices.Equal(got[:min(len(got), 2)], want) {
			t.Errorf("orders %v, want a and b at once", got)
		}
	})
}

func TestDependentsAnomalyDuringAnOwnActionOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "store", "web")
		w.boot(shop(), &restarter{})
		defer w.halt()
		w.crash("store", 1)
		synctest.Wait()
		w.sicken("web")
		synctest.Wait()
		inc := w.only()
		if len(inc.Anomalies) != 1 {
			t.Errorf("the incident took in %d anomalies, want the store's alone", len(inc.Anomalies))
		}
		if a := w.anomaly("web"); a.Label != "own action "+inc.Recoveries[0].ID {
			t.Errorf("the web's anomaly is labelled %q, want the store's recovery", a.Label)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if got := len(w.heal.Incidents()); got != 2 {
			t.Errorf("%d incidents after the suppression window, want one more for the web that still fails", got)
		}
		w.wantOrders("restart store", "restart web")
	})
}

func (w *world) anomaly(component string) record.Anomaly {
	w.t.Helper()
	for _, a := range w.heal.Anomalies() {
		if a.Component == component {
			return a
		}
	}
	w.t.Fatalf("no anomaly of %s", component)
	return record.Anomaly{}
}

func TestMildAnomalyOfADependencyExplainsNoCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "store", "web")
		w.boot(shop(), only("web"))
		defer w.halt()
		w.report("store", sdk.AnomalyThreshold, sdk.SeverityLow)
		synctest.Wait()
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders("restart web")
	})
}
