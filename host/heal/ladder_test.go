package heal

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// scripted answers with what a function says.
type scripted struct {
	name string
	say  func(in sdk.Incident) (sdk.Proposal, error)
}

func (s scripted) Name() string { return s.name }

func (s scripted) Propose(_ context.Context, in sdk.Incident) (sdk.Proposal, error) { return s.say(in) }

func (scripted) Learn(context.Context, sdk.Outcome) error { return nil }

// only restarts one component and has nothing to offer for others.
func only(component string) Strategy {
	return scripted{"only", func(in sdk.Incident) (sdk.Proposal, error) {
		if in.Component != component {
			return sdk.Proposal{Reason: "not mine"}, nil
		}
		return sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: component}}, Reason: "mine"}, nil
	}}
}

func TestNextRungIsAskedWhenOneHasNothingOrFails(t *testing.T) {
	useless := map[string]Strategy{
		"nothing to offer": scripted{"first", func(sdk.Incident) (sdk.Proposal, error) { return sdk.Proposal{Reason: "no change here"}, nil }},
		"an error":         scripted{"first", func(sdk.Incident) (sdk.Proposal, error) { return sdk.Proposal{}, errors.New("the plugin is down") }},
		"nonsense": scripted{"first", func(sdk.Incident) (sdk.Proposal, error) {
			return sdk.Proposal{Actions: []sdk.Action{sdk.Restart{}}}, nil
		}},
	}
	for name, first := range useless {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "web")
				w.boot(automated("web"), first, &restarter{})
				defer w.halt()
				w.crash("web", 1)
				synctest.Wait()
				w.wantOrders("restart web")
			})
		})
	}
}

func TestProposalForAForeignComponentIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web", "bank")
		w.boot(automated("web", "bank"), scripted{"greedy", func(sdk.Incident) (sdk.Proposal, error) {
			return sdk.Proposal{Actions: []sdk.Action{sdk.Stop{Component: "bank"}}, Reason: "because"}, nil
		}})
		defer w.halt()
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders()
		inc := w.wantState(record.StateWaiting)
		if last := inc.History[len(inc.History)-1].Text; !strings.Contains(last, "bank") || !strings.Contains(last, "refused") {
			t.Errorf("the history says %q, want that acting on bank was refused", last)
		}
	})
}

func TestNothingOnOfferIsAskedAgainAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		w := newWorld(t, "web")
		w.boot(automated("web"), scripted{"shy", func(sdk.Incident) (sdk.Proposal, error) {
			asked++
			return sdk.Proposal{Reason: "not my day"}, nil
		}})
		defer w.halt()
		w.crash("web", 1)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		inc := w.wantState(record.StateWaiting)
		if last := inc.History[len(inc.History)-1].Text; !strings.Contains(last, "not my day") {
			t.Errorf("the history says %q, want the strategy's reason", last)
		}
		if asked < 5 || asked > 12 {
			t.Errorf("asked %d times in 5 minutes, want about every 30 s", asked)
		}
		if inc.NextTryAt == nil || len(inc.History) > 4 {
			t.Errorf("next try %v, history of %d lines; want a time and no line for each question", inc.NextTryAt, len(inc.History))
		}
	})
}

func TestNotBeforeIsKeptAndShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		at := time.Now().Add(20 * time.Second)
		w.boot(automated("web"), scripted{"slow", func(sdk.Incident) (sdk.Proposal, error) {
			return sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}, NotBefore: at, Reason: "back-off"}, nil
		}})
		defer w.halt()
		w.crash("web", 1)
		synctest.Wait()
		w.wantOrders()
		if inc := w.wantState(record.StateWaiting); inc.NextTryAt == nil || !inc.NextTryAt.Equal(at) {
			t.Errorf("next try is shown at %v, want %v", inc.NextTryAt, at)
		}
		if id, next := w.heal.Next("web"); id == "" || next == nil || !next.Equal(at) {
			t.Errorf("Next says %q at %v, want the incident at %v", id, next, at)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		w.wantOrders("restart web")
	})
}

func TestStrategyThatIsNotReadyIsAskedAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		w := newWorld(t, "web")
		w.boot(automated("web"), scripted{"late", func(sdk.Incident) (sdk.Proposal, error) {
			if calls++; calls < 4 {
				return sdk.Proposal{}, errors.New("the plugin is being restarted")
			}
			return sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}, Reason: "now"}, nil
		}})
		defer w.halt()
		w.crash("web", 1)
		time.Sleep(3500 * time.Millisecond)
		w.wantOrders("restart web")
	})
}

func TestHandOverEndsTheAutomaticAndOwnRecoveryResolves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), scripted{"honest", func(sdk.Incident) (sdk.Proposal, error) {
			return sdk.Proposal{Actions: []sdk.Action{sdk.HandOver{Component: "web", Message: "look at the disk"}}, Reason: "beyond me"}, nil
		}})
		defer w.halt()
		w.crash("web", 1)
		time.Sleep(time.Hour)
		synctest.Wait()
		w.wantOrders()
		if inc := w.wantState(record.StateHandedOver); inc.Severity != sdk.SeverityHigh {
			t.Errorf("severity %s, want high when a person is needed", inc.Severity)
		}
		w.recover("web", 1)
		synctest.Wait()
		w.wantState(record.StateResolved)
	})
}

func TestBlindPluginIsShownAsAnIncidentOfTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.heal.opt.Strategies = func() []Strategy { return nil }
		w.observe(sdk.Event{Type: sdk.EventPluginBlind, Component: "timeseries", Text: "no answer for 5 s", Time: time.Now()})
		synctest.Wait()
		inc := w.wantState(record.StateWaiting)
		if inc.Component != sdk.HostComponent || inc.Signature != "host:blind/timeseries" {
			t.Errorf("the incident is of %s, %s", inc.Component, inc.Signature)
		}
		w.observe(sdk.Event{Type: sdk.EventPluginSeeing, Component: "timeseries", Time: time.Now()})
		synctest.Wait()
		w.wantState(record.StateResolved)
		w.wantOrders()
	})
}
