package cases

import (
	"context"
	"fmt"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// people are the rows about those who try again, and those who edit in between.
func people() []Case {
	return []Case{
		{ID: "R09", Title: "a rolled-back change is not tried again", Does: "submit it again, also after kill -9, then lift it",
			Expects: "refused by memory.rejected until it is lifted", Setup: lab.Setup{Watch: "2s"}, Run: notAgain},
		{ID: "R19", Title: "a restore does not overwrite a person's edit", Does: "keep a change, edit its file by hand, roll it back",
			Expects: "refused, the edit stays", Run: editAfterwards},
		{ID: "F01", Title: "an outside edit in the watch is kept", Does: "edit one of two changed files in the watch, roll back",
			Expects: "the edit stays, the other file is old, and it is said", Run: editInWatch},
		{ID: "F02", Title: "an outside edit before applying is seen", Does: "submit with the sum of a content that is no longer there",
			Expects: "refused by base.changed, the edit stays", Run: editBefore},
	}
}

func notAgain(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	breaking := lab.Conduct(newer, scratch.Deaf)
	c, err := l.Submit(ctx, breaking)
	if err != nil {
		return err
	}
	if _, err = rolledBack(ctx, l, s, c.ID); err != nil {
		return err
	}
	again, err := l.Submit(ctx, breaking)
	if err != nil {
		return err
	}
	refused(s, again, "memory.rejected")
	if err := l.Restart(ctx); err != nil {
		return err
	}
	if again, err = l.Submit(ctx, breaking); err != nil {
		return err
	}
	refused(s, again, "memory.rejected")
	if _, err := l.Order(ctx, c.ID, "lift"); err != nil {
		return err
	}
	again, err = l.Submit(ctx, breaking)
	s.Is(fmt.Sprintf("lifted, it is %s", again.State), again.State != record.Refused, true)
	return err
}

const byHand = `{"version":"edited by hand","conduct":"well"}`

func editAfterwards(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := l.Keep(ctx, well(newer))
	if err != nil {
		return err
	}
	// Another change ends the settling of the first, after which its old files are only in its backup.
	if _, err := l.Keep(ctx, lab.Write("beside", "x")); err != nil {
		return err
	}
	if err := l.Write(scratch.File, byHand); err != nil {
		return err
	}
	undo, err := l.Order(ctx, c.ID, "rollback")
	if err != nil {
		return err
	}
	if undo, err = l.End(ctx, undo.ID); err != nil {
		return err
	}
	refused(s, undo, "base.changed")
	s.Is("file", l.Read(scratch.File), byHand)
	return nil
}

func editInWatch(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := watched(ctx, l, well(newer), lab.Write("beside", "x"))
	if err != nil {
		return err
	}
	if err := l.Write("beside", "edited by hand"); err != nil {
		return err
	}
	if _, err := l.Order(ctx, c.ID, "rollback"); err != nil {
		return err
	}
	end, err := rolledBack(ctx, l, s, c.ID)
	s.Is("edited file", l.Read("beside"), "edited by hand")
	s.Is("edits that it tells of", len(end.Conflicts), 1)
	return err
}

func editBefore(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	edit := well(newer)
	edit.Base = "0000000000000000000000000000000000000000000000000000000000000000"
	c, err := l.Submit(ctx, edit)
	if err != nil {
		return err
	}
	refused(s, c, "base.changed")
	oldAgain(ctx, l, s)
	return nil
}
