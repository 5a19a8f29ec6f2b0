package heal

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func automated(names ...string) Settings {
	set := Settings{Mode: policy.Automated}
	for _, n := range names {
		set.Components = append(set.Components, Component{Name: n, Restarts: sdk.RestartLimit{Max: 5, Window: 10 * time.Minute}})
	}
	return set
}

// only returns the world's single incident.
func (w *world) only() record.Incident {
	w.t.Helper()
	all := w.heal.Incidents()
	if len(all) != 1 {
		w.t.Fatalf("got %d incidents, want 1: %+v", len(all), all)
	}
	return all[0]
}

func (w *world) wantState(want record.State) record.Incident {
	w.t.Helper()
	inc := w.only()
	if inc.State != want {
		w.t.Fatalf("the incident is %s, want %s; its history: %+v", inc.State, want, inc.History)
	}
	return inc
}

func (w *world) wantOrders(want ...string) {
	w.t.Helper()
	if got := w.ordered(); !slices.Equal(got, want) {
		for _, inc := range w.heal.Incidents() {
			w.t.Logf("%s of %v: %+v", inc.ID, inc.Components, inc.History)
		}
		w.t.Fatalf("orders were %v, want %v", got, want)
	}
}

func TestCrashBecomesARestartThatIsHeldAndThenCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, strategy := newWorld(t, "web"), &restarter{}
		w.boot(automated("web"), strategy)
		defer w.halt()
		begin := time.Now()
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders("restart web")
		if passed := time.Since(begin); passed != 0 {
			t.Errorf("the order came %v after the exit, want at once", passed)
		}
		inc := w.wantState(record.StateHolding)
		if inc.Recoveries[0].Result != sdk.ResultRunning {
			t.Errorf("the recovery is %s before the hold time is over", inc.Recoveries[0].Result)
		}
		time.Sleep(2*time.Minute + time.Second)
		synctest.Wait()
		inc = w.wantState(record.StateResolved)
		if got := inc.Recoveries[0].Result; got != sdk.ResultHealed || !slices.Equal(strategy.learnt, []sdk.Result{got}) {
			t.Errorf("result %s, learnt %v; want healed and learnt", got, strategy.learnt)
		}
	})
}

func TestIntentIsAuditedBeforeTheAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.parts["web"].next = func(uint64) future {
			if !slices.Contains(w.audits, "recovery_started") {
				t.Errorf("the component was restarted before the intent was in the audit log: %v", w.audits)
			}
			saved := false
			for _, d := range w.docs {
				saved = saved || d.kind == kindIncident
			}
			if !saved {
				t.Error("the component was restarted before the incident was saved")
			}
			return fine
		}
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders("restart web")
	})
}
