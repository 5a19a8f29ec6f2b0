package heal

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// offers is a strategy that always offers one action.
func offers(name string, a sdk.Action) Strategy {
	return scripted{name, func(sdk.Incident) (sdk.Proposal, error) {
		return sdk.Proposal{Actions: []sdk.Action{a}, Reason: "it is mine"}, nil
	}}
}

// onlyStart makes a world in which a restart of web leaves it failing and a start
// heals it.
func onlyStart(t *testing.T) *world {
	w := newWorld(t, "web")
	w.parts["web"].next = func(uint64) future {
		if strings.HasPrefix(w.orders[len(w.orders)-1], "start") {
			return fine
		}
		return hung
	}
	return w
}

func twoRungs() []Strategy {
	return []Strategy{offers("restart", sdk.Restart{Component: "web"}), offers("start", sdk.Start{Component: "web"})}
}

func TestARungThatFailsHandsOnAtOnceAndIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := onlyStart(t)
		w.boot(automated("web"), twoRungs()...)
		defer w.halt()
		w.sicken("web")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		w.wantOrders("restart web", "start web")
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if inc := w.wantState(record.StateResolved); len(inc.Recoveries) != 2 {
			t.Errorf("got %d recoveries, want 2", len(inc.Recoveries))
		}
	})
}

func TestAllRungsFailedWaitOutTheQuarantine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.parts["web"].next = func(uint64) future { return hung }
		w.boot(automated("web"), twoRungs()...)
		defer w.halt()
		w.sicken("web")
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		w.wantOrders("restart web", "start web")
		inc := w.wantState(record.StateWaiting)
		if last := inc.History[len(inc.History)-1].Text; !strings.Contains(last, "rests until") {
			t.Errorf("the history says %q, want both rungs resting", last)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := w.ordered(); len(got) < 3 || got[2] != "restart web" {
			t.Errorf("got orders %v, want the first rung again after the quarantine", got)
		}
	})
}

func TestWhatHelpedIsChosenAtOnceAndRememberedOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := onlyStart(t)
		w.boot(automated("web"), twoRungs()...)
		for range 12 {
			w.sicken("web")
			time.Sleep(time.Hour)
			synctest.Wait()
		}
		early := w.ordered()
		w.halt()
		w.boot(automated("web"), twoRungs()...)
		defer w.halt()
		before := len(w.ordered())
		w.sicken("web")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := w.ordered()[before:]; !slices.Equal(got, []string{"start web"}) {
			t.Errorf("got %v after %d orders, want the start alone", got, len(early))
		}
		if early[0] != "restart web" {
			t.Errorf("got %v at first, want the first rung", early[:1])
		}
		inc := w.heal.Incidents()[0]
		said := slices.ContainsFunc(inc.History, func(e record.Entry) bool { return strings.Contains(e.Text, "start instead of restart") })
		if !said {
			t.Errorf("got history %+v, want it to say why restart was passed over", inc.History)
		}
	})
}

func TestTheLadderRuleNeverPassesARungOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := onlyStart(t)
		set := automated("web")
		set.Choice = odds.Ladder
		w.boot(set, twoRungs()...)
		defer w.halt()
		for range 10 {
			w.sicken("web")
			time.Sleep(time.Hour)
			synctest.Wait()
		}
		restarts := 0
		for _, o := range w.ordered() {
			if o == "restart web" {
				restarts++
			}
		}
		if restarts != 10 {
			t.Errorf("got %d restarts in 10 incidents, want 10", restarts)
		}
	})
}

func TestAHandOverWaitsForTheOtherRungs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := onlyStart(t)
		w.boot(automated("web"), offers("shy", sdk.HandOver{Component: "web", Message: "beyond me"}), offers("start", sdk.Start{Component: "web"}))
		defer w.halt()
		w.sicken("web")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		w.wantOrders("start web")
	})
}

func TestADamagedBookIsSetAsideAndTheLadderGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.docs[kindOdds+"/"+idOdds] = document{kindOdds, idOdds, []byte(`{"all":{"restart":{"trials":1,"healed":7}}}`), time.Now()}
		w.boot(automated("web"), twoRungs()...)
		defer w.halt()
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders("restart web")
	})
}
