package cases

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/launch"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// killing are the rows about kill -9 in the middle.
func killing() []Case {
	return []Case{
		{ID: "F11", Title: "kill -9 between two files", Does: "have the kernel kill the process that applies, after the first of two files",
			Expects: "wholly old, nothing armed", Setup: lab.Setup{Faults: &launch.Faults{Spoil: launch.Create, Kill: true}}, Run: halfway},
		{ID: "F12", Title: "kill -9 between two files, and of the daemon", Does: "the same, and kill the daemon too, start it again",
			Expects: "wholly old, nothing armed", Setup: lab.Setup{Faults: &launch.Faults{Spoil: launch.Create, Kill: true}}, Run: bothKilled},
		{ID: "F13", Title: "kill -9 at any instant", Does: "kill the daemon at 10 instants of a change of two files, from its submission on",
			Expects: "after each start both files are old, none is half", Run: anyInstant},
	}
}

func bothKilled(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := l.Post(ctx, lab.Root, well(newer), lab.Write("zz", "x"))
	if err != nil {
		return err
	}
	if err := l.Applying(ctx, c.ID); err != nil {
		return err
	}
	if err := l.Restart(ctx); err != nil {
		return err
	}
	end, err := l.End(ctx, c.ID)
	if err != nil {
		return err
	}
	s.Is(fmt.Sprintf("change is %s", end.State), end.State == record.Failed || end.State == record.RolledBack, true)
	s.Is("second file", l.Read("zz"), "absent")
	nothingArmed(l, s)
	oldAgain(ctx, l, s)
	return nil
}

// instants is how many kills there are, spread over the time that a change takes here, and a little more.
const instants = 10

func anyInstant(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	began := time.Now()
	first, err := watched(ctx, l, well(newer), lab.Write("zz", "x"))
	if err != nil {
		return err
	}
	step := time.Since(began) / (instants - 2)
	if _, err := l.Order(ctx, first.ID, "rollback"); err != nil {
		return err
	}
	ends := map[record.State]int{}
	for i := range instants {
		version := fmt.Sprint("new ", i)
		c, err := l.Post(ctx, lab.Root, well(version), lab.Write("zz", version))
		if err != nil {
			return err
		}
		pause(ctx, time.Duration(i)*step)
		if err := l.Restart(ctx); err != nil {
			return err
		}
		end, err := l.End(ctx, c.ID)
		if err != nil {
			return err
		}
		ends[end.State]++
		if l.Read(scratch.File) != wellVersion(lab.Old) || l.Read("zz") != "absent" || end.State == record.Kept {
			s.Is(fmt.Sprintf("killed %s after its submission, %s", time.Duration(i)*step, end.State), l.Read(scratch.File)+l.Read("zz"), wellVersion(lab.Old)+"absent")
		}
	}
	s.Is(fmt.Sprintf("killed at %d instants, %s apart: %v", instants, step.Round(time.Millisecond), ends), len(ends) > 0, true)
	nothingArmed(l, s)
	oldAgain(ctx, l, s)
	return nil
}

func pause(ctx context.Context, span time.Duration) {
	select {
	case <-time.After(span):
	case <-ctx.Done():
	}
}
