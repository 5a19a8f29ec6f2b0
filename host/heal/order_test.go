package heal

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func TestStopByAPersonIsNoAnomaly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "store", "web")
		w.boot(shop(), &restarter{})
		defer w.halt()
		w.observe(sdk.Event{Component: "store", Type: sdk.EventStopping, Time: time.Now()})
		w.sicken("store")
		w.sicken("web")
		w.observe(sdk.Event{Component: "store", Type: sdk.EventStopped, Time: time.Now()})
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := w.heal.Incidents(); len(got) != 0 {
			t.Errorf("a stop that a person ordered opened %+v", got)
		}
		w.wantOrders()
	})
}

func TestStopByAPersonEndsTheIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.parts["web"].next = func(uint64) future { return hung }
		w.sicken("web")
		time.Sleep(70 * time.Second) // between two questions to the strategies
		w.wantState(record.StateWaiting)
		w.observe(sdk.Event{Component: "web", Type: sdk.EventStopping, Time: time.Now()})
		w.observe(sdk.Event{Component: "web", Type: sdk.EventStopped, Time: time.Now()})
		synctest.Wait()
		w.wantState(record.StateResolved)
	})
}

func TestStopByAPersonDuringTheHoldTimeIsNoSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, strategy := newWorld(t, "web"), &restarter{}
		w.boot(automated("web"), strategy)
		defer w.halt()
		w.crash("web", 1)
		time.Sleep(time.Minute)
		w.observe(sdk.Event{Component: "web", Type: sdk.EventStopping, Generation: 2, Time: time.Now()})
		w.observe(sdk.Event{Component: "web", Type: sdk.EventStopped, Generation: 2, Time: time.Now()})
		synctest.Wait()
		w.wantState(record.StateResolved)
		if len(strategy.learnt) != 1 || strategy.learnt[0] != sdk.ResultAborted {
			t.Errorf("the strategy learnt %v, want that it was aborted", strategy.learnt)
		}
	})
}

func TestLateNewsOfTheOwnStopIsNoPersonsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		at := time.Now()
		w.crash("web", 1)
		synctest.Wait()
		w.observe(sdk.Event{Component: "web", Type: sdk.EventStopping, Generation: 1, Time: at})
		w.observe(sdk.Event{Component: "web", Type: sdk.EventStopped, Generation: 1, Time: at})
		synctest.Wait()
		w.wantState(record.StateHolding)
		time.Sleep(time.Second)
		w.sicken("web")
		synctest.Wait()
		if got := w.anomaly("web").Label; got != "" {
			t.Errorf("a fault after the own restart is labelled %q", got)
		}
	})
}

func TestMaintenanceHoldsBackAndEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		m, err := w.heal.StartMaintenance(Window{Component: "web", For: 10 * time.Minute, Reason: "upgrade", By: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		w.crash("web", 1)
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		w.wantOrders()
		if got := w.anomaly("web").Label; got != "maintenance "+m.ID {
			t.Errorf("the anomaly is labelled %q, want the window", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		w.wantOrders("restart web")
		if left := w.heal.Maintenance(); len(left) != 0 {
			t.Errorf("windows %+v are left after their end", left)
		}
	})
}

func TestIncidentIsNotActedOnDuringMaintenance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{pause: time.Minute})
		defer w.halt()
		w.parts["web"].next = func(uint64) future {
			return future{state: sdk.StateStarting, verdict: sdk.Inconclusive, crashAfter: time.Second}
		}
		w.crash("web", 1)
		time.Sleep(10 * time.Second)
		m, err := w.heal.StartMaintenance(Window{For: time.Hour, By: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		w.wantOrders("restart web")
		if err := w.heal.EndMaintenance(m.ID, "ann"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.wantOrders("restart web", "restart web")
	})
}

func TestWrongMaintenanceIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"))
		defer w.halt()
		for name, bad := range map[string]Window{
			"no time": {Component: "web"}, "a month": {For: 720 * time.Hour}, "unknown component": {Component: "wed", For: time.Minute},
		} {
			if _, err := w.heal.StartMaintenance(bad); err == nil {
				t.Errorf("%s: the window was opened", name)
			}
		}
		if err := w.heal.EndMaintenance("mnt_none", "ann"); err == nil {
			t.Error("a window that does not exist was ended")
		}
	})
}

func TestReloadThatDropsAComponentResolvesItsIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web", "old")
		w.boot(automated("web", "old"), only("web"))
		defer w.halt()
		w.sicken("old")
		synctest.Wait()
		w.wantState(record.StateWaiting)
		if err := w.heal.Reload(automated("web"), PromotionSuggest); err != nil {
			t.Fatal(err)
		}
		w.wantState(record.StateResolved)
	})
}

func TestSummaryCountsWhatWasHealedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		if got := w.heal.Summary(); got.AutoHealingRate != 100 || got.OpenIncidents != 0 {
			t.Errorf("at the beginning: %+v", got)
		}
		w.crash("web", 1)
		synctest.Wait()
		if got := w.heal.Summary(); got.OpenIncidents != 1 {
			t.Errorf("with one incident: %+v", got)
		}
		time.Sleep(3 * time.Minute)
		if got := w.heal.Summary(); got.AutoHealingRate != 100 || got.OpenIncidents != 0 {
			t.Errorf("after it was healed: %+v", got)
		}
	})
}

func TestOrdersBeforeAndAfterRunAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		w.halt()
		if err := w.heal.SetMode("manual", "ann"); err == nil {
			t.Error("a mode was set after the end of Run")
		}
	})
}
