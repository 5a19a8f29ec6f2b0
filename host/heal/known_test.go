package heal

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// TestStrategiesAndPeopleAreToldWhatIsKnownAround wants the same things in the
// question and, after a restart of the daemon, in the record.
func TestStrategiesAndPeopleAreToldWhatIsKnownAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web", "store")
		set := automated("web", "store")
		set.Components[0].DependsOn = []string{"store"}
		var told sdk.Incident
		shy := scripted{"shy", func(in sdk.Incident) (sdk.Proposal, error) {
			told = in
			return sdk.Proposal{Reason: "not mine"}, nil
		}}
		w.around = func(_ context.Context, in sdk.Incident) Surroundings {
			return Surroundings{
				Changes:    []sdk.ChangeRef{{ID: "mod_1", Kind: sdk.ChangeRecorded, Component: in.Component, Applied: in.Now, Text: "change mod_1"}},
				Logs:       []sdk.LogLine{{Text: "out of memory"}},
				Parameters: []sdk.Parameter{{Component: in.Component, Name: "workers"}},
			}
		}
		w.boot(set, shy)
		w.crash("web", 1)
		synctest.Wait()
		if len(told.Changes) != 1 || len(told.Logs) != 1 || len(told.Parameters) != 1 || len(told.Suspects) != 1 {
			t.Errorf("the strategy was told %+v, want a change, a line, a parameter and a suspect", told)
		}
		w.halt()
		w.boot(set, shy)
		defer w.halt()
		known := w.only().Known
		if known == nil || len(known.Changes) != 1 || known.Suspects[0].Component != "web" || known.Logs[0].Text != "out of memory" {
			t.Errorf("after a restart the record knows %+v, want what the strategy was told", known)
		}
	})
}

func TestLookAroundThatHangsHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.around = func(ctx context.Context, _ sdk.Incident) Surroundings {
			<-ctx.Done()
			return Surroundings{}
		}
		w.boot(automated("web"), &restarter{})
		defer w.halt()
		w.crash("web", 1)
		time.Sleep(1100 * time.Millisecond)
		w.wantOrders("restart web")
	})
}
