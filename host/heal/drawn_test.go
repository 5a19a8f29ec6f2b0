package heal

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/experiment"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// tried are automated settings with an experiment between two strategies.
func tried(mode policy.Mode) Settings {
	set := automated("web")
	set.Mode = mode
	set.Experiment = experiment.Settings{A: "restart", B: "again", Share: 0.5, MaxIncidents: 100, MaxTime: 1000 * time.Hour, Longest: 5 * time.Minute}
	return set
}

func twoRestarts() []Strategy {
	return []Strategy{offers("restart", sdk.Restart{Component: "web"}), offers("again", sdk.Restart{Component: "web"})}
}

// troubles lets web fail some times, hours apart.
func (w *world) troubles(count int) {
	for range count {
		w.sicken("web")
		time.Sleep(4 * time.Hour)
		synctest.Wait()
	}
}

// drawn counts the first remedies of all incidents by strategy, with the choices.
func (w *world) drawn() (map[string]int, []*record.Choice) {
	counts := map[string]int{}
	var choices []*record.Choice
	for _, inc := range w.heal.Incidents() {
		if len(inc.Recoveries) > 0 {
			counts[inc.Recoveries[0].Strategy]++
			choices = append(choices, inc.Recoveries[0].Choice)
		}
	}
	return counts, choices
}

func TestChanceDecidesBetweenTheTwoAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(tried(policy.Supervised), twoRestarts()...)
		defer w.halt()
		w.troubles(24)
		counts, choices := w.drawn()
		if counts["restart"] < 3 || counts["again"] < 3 {
			t.Errorf("got %v of 24 incidents, want both", counts)
		}
		exp := w.heal.Experiments()[0]
		for _, c := range choices {
			if c == nil || c.Experiment != exp.ID || c.Propensity("restart") != 0.5 || c.Propensity("again") != 0.5 || !strings.Contains(c.Why, "was drawn by lot, with a chance of 50 %") {
				t.Fatalf("got choice %+v", c)
			}
		}
		if units := w.heal.trials.Units(); len(units) != 24 || !units[0].Healed {
			t.Errorf("got %d units, want 24 healed ones", len(units))
		}
	})
}

func TestNothingIsDrawnWhereItMayNotBe(t *testing.T) {
	cases := map[string]struct {
		mode   policy.Mode
		ladder []Strategy
		why    string
	}{
		"mode manual":   {policy.Manual, twoRestarts(), "would need a person here"},
		"mode learning": {policy.Learning, twoRestarts(), "would need a person here"},
		"one at its limit": {policy.Automated, []Strategy{offers("restart", sdk.Restart{Component: "web"}), scripted{"again", func(sdk.Incident) (sdk.Proposal, error) {
			return sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}, Reason: "a trial", Probing: true}, nil
		}}}, "at its limit"},
		"another component": {policy.Automated, []Strategy{offers("restart", sdk.Restart{Component: "web"}), offers("again", sdk.Restart{Component: "store"})}, "is done to store too"},
		"a graver class":    {policy.Automated, []Strategy{offers("restart", sdk.Restart{Component: "web"}), offers("again", sdk.Start{Component: "web"})}, "restart is harmless, again is reversible"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "web", "store")
				w.actor = weighing{w}
				w.boot(tried(c.mode), c.ladder...)
				defer w.halt()
				w.troubles(8)
				found := false
				for _, inc := range w.heal.Incidents() {
					for _, r := range inc.Recoveries {
						if r.Strategy != "restart" || r.Choice.Experiment != "" {
							t.Errorf("got %s of %+v, want the ladder's choice", r.Strategy, r.Choice)
						}
						found = found || strings.Contains(r.Choice.Why, c.why)
					}
					for _, a := range inc.Approvals {
						found = found || strings.Contains(a.Choice.Why, c.why)
					}
				}
				if !found {
					t.Errorf("want a choice that says %q", c.why)
				}
			})
		})
	}
}

// weighing is the world's hand with the classes that starts and restarts have.
type weighing struct{ *world }

func (weighing) Class(p sdk.Proposal) string {
	if p.Actions[0].Kind() == sdk.KindStart {
		return "reversible"
	}
	return "harmless"
}

func TestOnlyTheFirstRemedyOfAnIncidentIsDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.parts["web"].next = func(n uint64) future {
			if n%2 == 0 {
				return hung
			}
			return fine
		}
		w.boot(tried(policy.Automated), twoRestarts()...)
		defer w.halt()
		w.troubles(6)
		for _, inc := range w.heal.Incidents() {
			if len(inc.Recoveries) != 2 || inc.Recoveries[0].Choice.Experiment == "" || inc.Recoveries[1].Choice.Experiment != "" {
				t.Fatalf("got %+v, want the first of two drawn", inc.Recoveries)
			}
			if inc.Recoveries[0].Strategy == inc.Recoveries[1].Strategy {
				t.Errorf("%s failed and was tried again at once", inc.Recoveries[0].Strategy)
			}
		}
	})
}

// TestADrawIsDurableBeforeTheActAtEveryKill kills the daemon at each of its writes
// and acts. Whatever was done then must have its experiment, and its draw, on the
// disk; and the next daemon goes on with the same experiment and the same draws.
func TestADrawIsDurableBeforeTheActAtEveryKill(t *testing.T) {
	reached := 0
	for survived := false; !survived; reached++ {
		synctest.Test(t, func(t *testing.T) { survived = drawnAndKilledAt(t, reached+1) })
	}
	if reached < 8 {
		t.Fatalf("the sweep ended after %d steps", reached)
	}
}

func drawnAndKilledAt(t *testing.T, step int) bool {
	w := newWorld(t, "web")
	w.kill = step
	w.boot(tried(policy.Automated), twoRestarts()...)
	w.sicken("web")
	time.Sleep(4 * time.Hour)
	synctest.Wait()
	dead := w.dead
	w.halt()
	exps, incs := w.kept(t)
	if len(w.ordered()) > 0 && (len(exps) != 1 || len(incs) != 1 || incs[0].Recoveries[0].Choice.Experiment != exps[0].ID) {
		t.Fatalf("killed at step %d: %v was done with %d experiments and incidents %+v on the disk", step, w.ordered(), len(exps), incs)
	}
	w.mu.Lock()
	w.dead, w.kill = false, 0
	w.mu.Unlock()
	w.boot(tried(policy.Automated), twoRestarts()...)
	defer w.halt()
	time.Sleep(time.Second)
	w.troubles(3)
	after, incs := w.kept(t)
	if len(after) != 1 || len(exps) == 1 && after[0].Seed != exps[0].Seed {
		t.Fatalf("killed at step %d: got %d experiments, want the same one", step, len(after))
	}
	for _, inc := range incs {
		if r := inc.Recoveries[0]; r.Choice.Experiment != "" && r.Strategy != after[0].Draw(inc.ID) {
			t.Errorf("killed at step %d: %s was done, %s was drawn", step, r.Strategy, after[0].Draw(inc.ID))
		}
	}
	return !dead
}

// kept returns what is on the disk.
func (w *world) kept(t *testing.T) (exps []experiment.State, incs []record.Incident) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.docs {
		var err error
		switch d.kind {
		case "experiment":
			var s experiment.State
			err = json.Unmarshal(d.data, &s)
			exps = append(exps, s)
		case kindIncident:
			var inc record.Incident
			err = json.Unmarshal(d.data, &inc)
			if len(inc.Recoveries) > 0 {
				incs = append(incs, inc)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return exps, incs
}
