package heal

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// witness restarts, and keeps what it was shown and told.
type witness struct {
	restarter
	opened []time.Time
	downs  []time.Duration
}

func (w *witness) Propose(ctx context.Context, in sdk.Incident) (sdk.Proposal, error) {
	w.opened = append(w.opened, in.Opened)
	return w.restarter.Propose(ctx, in)
}

func (w *witness) Learn(_ context.Context, o sdk.Outcome) error {
	w.downs = append(w.downs, o.Downtime)
	return nil
}

func TestTroubleThatComesBackBeganWhenItCameBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, strategy := newWorld(t, "web"), &witness{}
		w.boot(automated("web"), strategy)
		defer w.halt()
		first := time.Now()
		w.crash("web", 1)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		w.wantState(record.StateResolved)
		again := time.Now()
		w.crash("web", 2)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		inc := w.wantState(record.StateResolved)
		if !inc.Opened.Equal(first) || inc.Reopened == nil || !inc.Reopened.Equal(again) {
			t.Errorf("opened %v and again %v, want %v and %v", inc.Opened, inc.Reopened, first, again)
		}
		if n := len(strategy.opened); n != 2 || !strategy.opened[0].Equal(first) || !strategy.opened[1].Equal(again) {
			t.Errorf("the strategy was shown %v, want %v and %v: what changed in between may be the cause", strategy.opened, first, again)
		}
		if n := len(strategy.downs); n != 2 || strategy.downs[1] > time.Minute {
			t.Errorf("the strategy was told of %v of downtime, want none of the time in which all was well", strategy.downs)
		}
	})
}
