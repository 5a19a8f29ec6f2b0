package heal

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// cutCase is one kind of action, as the first of a proposal whose second, a
// restart, helps.
type cutCase struct {
	action sdk.Action
	// keeps is whether the pipeline keeps a change that was cut off.
	keeps bool
	// repeatable actions may be done again after a look at the component, for they
	// lead to the same state, or change nothing that lasts.
	repeatable bool
}

func cutCases() map[string]cutCase {
	return map[string]cutCase{
		"start":                     {action: sdk.Start{Component: "web"}},
		"stop":                      {action: sdk.Stop{Component: "web"}},
		"restart":                   {action: sdk.Restart{Component: "web"}},
		"reload":                    {action: sdk.Reload{Component: "web"}, repeatable: true},
		"set_parameters, kept":      {action: tune, keeps: true},
		"set_parameters, undone":    {action: tune},
		"submit_change, kept":       {action: sdk.SubmitChange{Root: "web", Files: []sdk.FileChange{{Path: "a"}}}, keeps: true},
		"submit_change, undone":     {action: sdk.SubmitChange{Root: "web", Files: []sdk.FileChange{{Path: "a"}}}},
		"rollback_change":           {action: sdk.RollbackChange{Change: "mod_1"}},
		"open_link":                 {action: sdk.OpenLink{From: "web", To: "store"}},
		"close_link":                {action: sdk.CloseLink{From: "web", To: "store"}},
		"run_declared":              {action: sdk.RunDeclared{Component: "web", Name: "drain"}},
		"run_declared without undo": {action: sdk.RunDeclared{Component: "web", Name: "purge"}},
		"wait":                      {action: sdk.Wait{Component: "web", For: time.Second}, repeatable: true},
		"hand_over":                 {action: sdk.HandOver{Component: "web", Message: "look"}, repeatable: true},
	}
}

// TestKillBetweenActAndReceiptOfEveryKindDoesNothingTwiceAndForgetsNothing kills
// the daemon at each of its writes and on either side of each act, for every kind
// of action.
func TestKillBetweenActAndReceiptOfEveryKindDoesNothingTwiceAndForgetsNothing(t *testing.T) {
	for name, c := range cutCases() {
		t.Run(name, func(t *testing.T) {
			cuts := 0
			for step := 1; ; step++ {
				var out cutOutcome
				synctest.Test(t, func(t *testing.T) { out = cutAt(t, c, cutPlan{step: step}) })
				for _, p := range out.problems {
					t.Errorf("killed at step %d: %s\n%s", step, p, strings.Join(out.told, "\n"))
				}
				if out.between {
					cuts++
				}
				if out.survived {
					break
				}
			}
			if cuts < 2 {
				t.Errorf("only %d kills fell between the act and its receipt, want at least the end of the act and the write after it", cuts)
			}
		})
	}
}

// TestTheSweepFindsAHostThatRepeatsBlindly takes out the rule that an order is
// traced: then each kind that is not repeatable is done twice.
func TestTheSweepFindsAHostThatRepeatsBlindly(t *testing.T) {
	for name, c := range cutCases() {
		change := c.action.Kind() == sdk.KindSetParameters || c.action.Kind() == sdk.KindSubmitChange
		if c.repeatable || change && !c.keeps || name == "run_declared without undo" {
			continue // nothing is left that could be doubled, or a person is asked in any case
		}
		t.Run(name, func(t *testing.T) {
			for step := 1; ; step++ {
				var out cutOutcome
				synctest.Test(t, func(t *testing.T) { out = cutAt(t, c, cutPlan{step: step, forgetful: true}) })
				if out.between && len(out.problems) > 0 {
					return
				}
				if out.survived {
					t.Fatal("no kill was found out")
				}
			}
		})
	}
}

type cutPlan struct {
	step      int
	forgetful bool
}

type cutOutcome struct {
	// survived reports that the daemon lived through it all, between that it was
	// killed between the first act and its receipt.
	survived, between bool
	problems, told    []string
}

// cutAt plays the case with a kill at that step, and a second daemon after it.
func cutAt(t *testing.T, c cutCase, plan cutPlan) cutOutcome {
	w := newWorld(t, "web", "store")
	w.kill, w.keeps, w.forgetful = plan.step, c.keeps, plan.forgetful
	generation := uint64(0)
	w.parts["web"].next = func(g uint64) future {
		if generation++; generation == 1 && (c.action.Kind() == sdk.KindRestart || c.action.Kind() == sdk.KindStart) {
			return hung
		}
		return fine
	}
	restart := sdk.Restart{Component: "web"}
	ladder := func() []Strategy { return []Strategy{scripted{"both", both(c.action, restart)}} }
	set := automated("web", "store")
	set.Links = []sdk.Link{{From: "web", To: "store"}}
	w.boot(set, ladder()...)
	w.sicken("web")
	w.consent()
	time.Sleep(4 * time.Minute)
	synctest.Wait()
	out := cutOutcome{survived: !w.dead}
	first := fmt.Sprintf("%s %s", c.action.Kind(), c.action.Target())
	before := w.ordered()
	out.between = w.dead && len(before) == 1 && w.unwritten()
	w.halt()
	w.mu.Lock()
	w.dead, w.kill = false, 0
	w.mu.Unlock()
	w.boot(set, ladder()...)
	time.Sleep(time.Second)
	if w.Confirm(t.Context(), "web") != sdk.Pass {
		w.report("web", sdk.AnomalyProbe, sdk.SeverityMedium) // the detector sees it still
	}
	time.Sleep(2 * time.Minute)
	doubted := w.doubted()
	w.consent()
	time.Sleep(15 * time.Minute)
	synctest.Wait()
	orders := w.ordered()
	out.told = append(w.told(), fmt.Sprint(orders))
	w.halt()

	back := -1
	if out.between && !c.keeps && (c.action.Kind() == sdk.KindSetParameters || c.action.Kind() == sdk.KindSubmitChange) {
		back = len(before) // the pipeline took it back at its start
	}
	out.problems = append(out.problems, c.judge(first, orders, cutFacts{back: back, doubted: doubted})...)
	if w.parts["web"].verdict != sdk.Pass {
		out.problems = append(out.problems, "the web is not healthy")
	}
	for _, inc := range w.heal.Incidents() {
		if inc.State != record.StateResolved {
			out.problems = append(out.problems, inc.ID+" is forgotten: "+string(inc.State))
		}
	}
	return out
}

type cutFacts struct {
	// back is before which order the host itself took the first action back, -1
	// for never; doubted is whether a person was told of the doubt and said yes.
	back    int
	doubted bool
}

// judge follows how often the first action is in force: never twice, and once in
// the end.
func (c cutCase) judge(first string, orders []string, f cutFacts) []string {
	var problems []string
	inForce, most := 0, 1
	if c.action.Kind() == sdk.KindRestart {
		most = 2 // the second action is one too
	}
	if c.action.Kind() == sdk.KindRunDeclared && f.doubted {
		most = 2
	}
	for n, order := range orders {
		if n == f.back {
			inForce = 0
		}
		switch order {
		case first:
			inForce++
		case "undo " + first:
			inForce = max(inForce-1, 0)
		}
		if inForce > most && !c.repeatable {
			problems = append(problems, fmt.Sprintf("%s is in force %d times after order %d", first, inForce, n+1))
		}
	}
	if inForce < 1 && !c.repeatable {
		problems = append(problems, first+" is not in force in the end")
	}
	return problems
}

// both proposes two actions; a person's no is none of its cases.
func both(a, b sdk.Action) func(in sdk.Incident) (sdk.Proposal, error) {
	return func(in sdk.Incident) (sdk.Proposal, error) {
		return sdk.Proposal{Actions: []sdk.Action{a, b}, Reason: "it may help"}, nil
	}
}

// unwritten reports that the newest recovery that reached the disk has no receipt
// of its first action.
func (w *world) unwritten() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, doc := range w.docs {
		if strings.HasPrefix(key, kindIncident+"/") {
			return strings.Contains(string(doc.data), `"phase":"acting"`) && !strings.Contains(string(doc.data), `"receipts"`)
		}
	}
	return false
}

// consent says yes to whatever is asked.
func (w *world) consent() {
	synctest.Wait()
	if w.isDead() {
		return
	}
	for _, a := range w.approvals() {
		if a.State == record.ApprovalPending {
			_ = w.heal.Approve(a.ID, "", "ann") // a kill may come first
		}
	}
}

// doubted reports that a person is asked, and told that it may have been done.
func (w *world) doubted() bool {
	return slices.ContainsFunc(w.approvals(), func(a record.Approval) bool {
		return a.State == record.ApprovalPending && strings.Contains(strings.Join(a.Evidence, " "), "it may have been done")
	})
}

func (w *world) isDead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}
