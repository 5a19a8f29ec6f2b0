package cases

import (
	"context"

	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// controls are rows in which homeostat is kept from doing its work. A drill that calls them well would call anything well.
func controls() []Case {
	const expects = "the drill notices"
	return []Case{
		{ID: "C01", Title: "control: nothing rolls back", Does: "kill -9 in the watch and start no daemon", Expects: expects, Control: true, Run: neverRolledBack},
		{ID: "C02", Title: "control: a false expectation", Does: "keep a good change and expect the old files", Expects: expects, Control: true, Run: falseExpectation},
		{ID: "C03", Title: "control: half a change", Does: "put one of two files back by hand after a rollback", Expects: expects, Control: true, Run: halfChange},
	}
}

func neverRolledBack(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	if _, err := watched(ctx, l, well(newer)); err != nil {
		return err
	}
	l.Kill()
	nothingArmed(l, s)
	oldAgain(ctx, l, s)
	return nil
}

func falseExpectation(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	if _, err := l.Keep(ctx, well(newer)); err != nil {
		return err
	}
	oldAgain(ctx, l, s)
	return nil
}

func halfChange(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := watched(ctx, l, well(newer), lab.Write("zz", "x"))
	if err != nil {
		return err
	}
	if _, err := l.Order(ctx, c.ID, "rollback"); err != nil {
		return err
	}
	if err := l.Write(scratch.File, wellVersion(newer)); err != nil {
		return err
	}
	_, err = rolledBack(ctx, l, s, c.ID)
	return err
}
