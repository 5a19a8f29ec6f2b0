package heal

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/score"
)

// learning is a world that decides and records.
func learning() Settings {
	set := automated("web")
	set.Mode = policy.Learning
	return set
}

// trouble lets the web crash and recover by itself.
func (w *world) trouble(lasts time.Duration) {
	w.crash("web", w.parts["web"].generation)
	time.Sleep(lasts)
	w.recover("web", w.parts["web"].generation)
	time.Sleep(3 * time.Hour)
	synctest.Wait()
}

func (w *world) row() score.Row {
	w.t.Helper()
	rows := w.heal.Scoreboard()
	if len(rows) != 1 {
		w.t.Fatalf("%d rows, want one: %+v", len(rows), rows)
	}
	return rows[0]
}

func TestLearningModeDoesNothingAndKeepsTheScore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(learning(), &restarter{})
		for range 12 {
			w.trouble(5 * time.Minute)
		}
		w.trouble(5 * time.Second)
		before := w.row()
		w.halt()
		w.boot(learning(), &restarter{})
		defer w.halt()
		w.wantOrders()
		got := w.row()
		if !got.Last.Equal(before.Last) || got.Saveable != before.Saveable || got.Recorded != 13 || got.False != 1 || got.Tried != 0 {
			t.Errorf("%+v after a restart of the daemon, %+v before; want 13 recorded, one of them false", got, before)
		}
		if ok, lacks := got.Passes(); ok || lacks != "1 of 13 were false" {
			t.Errorf("passes: %v, lacks %q", ok, lacks)
		}
	})
}

func TestPromotedStrategyActsUnaskedUntilItIsDemoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(learning(), &restarter{})
		for strategy, component := range map[string]string{"restrat": "web", "restart": "wep"} {
			if err := w.heal.Promote(component, strategy, "ann"); err == nil {
				t.Errorf("%s is promoted for %s", strategy, component)
			}
		}
		for range 2 {
			if err := w.heal.Promote("web", "restart", "ann"); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		w.halt()
		w.boot(learning(), &restarter{})
		defer w.halt()
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders("restart web")
		if err := w.heal.Demote("web", "restart", "ann"); err != nil {
			t.Fatal(err)
		}
		if err := w.heal.Demote("web", "restart", "ann"); err == nil {
			t.Error("it is demoted twice")
		}
		time.Sleep(time.Hour)
		w.crash("web", 2)
		synctest.Wait()
		w.wantOrders("restart web")
		if !slices.Contains(w.audits, "promoted") || !slices.Contains(w.audits, "demoted") {
			t.Errorf("audits %v, want promoted and demoted", w.audits)
		}
	})
}

func TestPromotionDoesNotOverruleModeManual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(in(policy.Manual), &restarter{})
		defer w.halt()
		if err := w.heal.Promote("web", "restart", "ann"); err != nil {
			t.Fatal(err)
		}
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders()
	})
}

func TestScoreboardPromotesAndDemotesWhereItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.promotion = PromotionAutomatic
		w.boot(learning(), &restarter{})
		defer w.halt()
		for range 9 {
			w.trouble(5 * time.Minute)
		}
		if got := w.heal.Promotions(); len(got) != 0 {
			t.Errorf("promoted after nine decisions: %+v", got)
		}
		w.trouble(5 * time.Minute)
		got := w.heal.Promotions()
		if len(got) != 1 || got[0].By != record.Scoreboard || got[0].Strategy != "restart" {
			t.Fatalf("promotions %+v after ten good decisions, want restart by the scoreboard", got)
		}
		w.parts["web"].next = func(uint64) future { return hung }
		w.sicken("web")
		time.Sleep(time.Hour)
		w.recover("web", w.parts["web"].generation)
		synctest.Wait()
		if got := w.heal.Promotions(); len(got) != 0 {
			t.Errorf("still promoted after restarts that did not help: %+v, %+v", got, w.row())
		}
	})
}
