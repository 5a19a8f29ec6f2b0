package evolve

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// doomed is a world whose daemon is killed after so many steps: from then on
// nothing has an effect. What is durable is in docs and in state.
type doomed struct {
	*world
	left  int
	state []byte
}

var errKilled = errors.New("killed")

// step is an instant at which the daemon may be killed.
func (d *doomed) step() error {
	if d.left == 0 {
		return errKilled
	}
	d.left--
	return nil
}

// Ask is a step before the call and one after it.
func (d *doomed) Ask(ctx context.Context, p sdk.Problem, n int) ([]sdk.Genome, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	out, err := d.plugin.Ask(ctx, p, n)
	return out, errors.Join(err, d.step())
}

// Tell is a step before the call, one before the population is durable, and one
// after that.
func (d *doomed) Tell(ctx context.Context, p sdk.Problem, scores []sdk.Score) error {
	if err := d.step(); err != nil {
		return err
	}
	if err := d.plugin.Tell(ctx, p, scores); err != nil {
		return err
	}
	if err := d.step(); err != nil {
		return err
	}
	d.state, _ = d.plugin.SaveState()
	return d.step()
}

func (d *doomed) Name() string { return "genetic" }

// keep is a step before the document is durable and one after it.
func (d *doomed) keep(_ context.Context, name string, doc []byte) error {
	if err := d.step(); err != nil {
		return err
	}
	d.docs[name] = doc
	return d.step()
}

// life lets a new daemon look around until it dies, or once when it does not.
func (d *doomed) life(t *testing.T, at time.Time) (Status, error) {
	t.Helper()
	d.plugin = newPlugin(t)
	if d.state != nil {
		if err := d.plugin.LoadState(d.state); err != nil {
			t.Fatal(err)
		}
	}
	s := d.searcher()
	s.opt.Evolver = func() (Evolver, bool) { return d, true }
	s.opt.Keep = d.keep
	s.lookAround(t.Context(), at)
	if d.left == 0 {
		return Status{}, errKilled
	}
	return s.Statuses()[0], nil
}

// said is what the strategy tells of its population, which it reads at a question.
func (d *doomed) said(t *testing.T, st Status) string {
	t.Helper()
	p := sdk.Problem{Component: "web", Parameters: d.parameters, Round: st.Round, Budget: st.Budget, Recorded: len(st.Hours) > 0}
	if more, err := d.plugin.Ask(t.Context(), p, 1); err != nil || len(more) > 0 {
		t.Fatalf("the round is not over: %v, %v", more, err)
	}
	text, err := d.plugin.Strategy.(sdk.Explainer).Explain(t.Context(), "web")
	if err != nil || text == "" {
		t.Fatalf("the strategy says %q, %v", text, err)
	}
	return text
}

// never is more steps than a search has.
const never = 1 << 20

func TestKillAtAnyStepOfASearchLeavesItsEndAsItWouldHaveBeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fresh := func(left int) *doomed {
			d := &doomed{world: recording(t, 12), left: left}
			d.set.Evaluations, d.set.Seeds = 66, 1
			return d
		}
		whole := fresh(never)
		want, err := whole.life(t, start)
		if err != nil || want.State != Done {
			t.Fatalf("without a kill: %+v, %v", want, err)
		}
		said := whole.said(t, want)
		steps := never - whole.left
		for at := 1; at < steps; at++ {
			d := fresh(at)
			if _, err := d.life(t, start); !errors.Is(err, errKilled) {
				t.Fatalf("step %d of %d: the daemon was not killed", at, steps)
			}
			d.left = never
			got, err := d.life(t, start)
			if err != nil || got.State != want.State || got.Round != want.Round || got.Spent != want.Spent ||
				got.Best != want.Best || got.Default != want.Default || got.BestValues["workers"] != want.BestValues["workers"] {
				t.Fatalf("killed at step %d of %d: got %+v, %v; want %+v", at, steps, got, err, want)
			}
			if now := d.said(t, want); now != said {
				t.Fatalf("killed at step %d of %d: the population is %q, want %q", at, steps, now, said)
			}
		}
		t.Logf("%d steps", steps)
	})
}
