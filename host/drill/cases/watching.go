package cases

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// watching are the rows about the time after a change was applied.
func watching() []Case {
	return []Case{
		{ID: "R01", Title: "a restart in the watch rolls back", Does: "kill -9 the daemon while it watches a good change, start it again",
			Expects: "rolled back, never confirmed by the restart", Run: restartInWatch},
		{ID: "R02", Title: "a failed apply leaves nothing armed", Does: "put a file where old files are kept, submit",
			Expects: "failed, files old, no journal, the next change goes through", Run: failedApply},
		{ID: "R03", Title: "reads neither confirm nor cancel", Does: "list, dry run and a failing change in the watch, then break the service",
			Expects: "still watched until the same time, then rolled back", Run: readsChangeNothing},
		{ID: "R10", Title: "a breach while a person is awaited acts", Does: "break the service while the change waits for a person",
			Expects: "rolled back", Setup: lab.Setup{Confirm: "person"}, Run: breachWhileAwaited},
		{ID: "R11", Title: "no data is not a pass", Does: "change a service that nobody can ask, to the end of the watch",
			Expects: "rolled back", Setup: lab.Setup{Watch: "2s", Blind: true}, Run: noData},
		{ID: "R12", Title: "late answers of the old run decide nothing", Does: "apply a good change while an answer of the old service hangs",
			Expects: "kept", Setup: lab.Setup{Watch: "4s"}, Run: lateAnswers},
		{ID: "R15", Title: "a second change in the watch is refused", Does: "submit another change in the watch",
			Expects: "refused by root.busy with a time, the first goes on", Run: secondChange},
		{ID: "R16", Title: "watching goes on after the confirmation", Does: "confirm, then break the service",
			Expects: "rolled back", Run: breachAfterConfirmation},
		{ID: "R20", Title: "who confirms can fail by itself", Does: "apply a file with which probes get no answer at all",
			Expects: "rolled back in time", Setup: lab.Setup{Watch: "3s"}, Run: silentConfirmer},
	}
}

func restartInWatch(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	s.Is("file before", l.Read(scratch.File), wellVersion(newer))
	if err := l.Restart(ctx); err != nil {
		return err
	}
	if _, err := rolledBack(ctx, l, s, c.ID); err != nil {
		return err
	}
	nothingArmed(l, s)
	return nil
}

func failedApply(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	blocked, err := l.BlockSlots()
	if err != nil {
		return err
	}
	c, err := l.Submit(ctx, well(newer))
	if err != nil {
		return err
	}
	s.Is("change", c.State, record.Failed)
	s.Is("no deadline is set", c.Deadline == nil, true)
	nothingArmed(l, s)
	oldAgain(ctx, l, s)
	if err := blocked(); err != nil {
		return err
	}
	next, err := l.Submit(ctx, well(newest))
	s.Is("next change", next.State, record.Watching)
	return err
}

func readsChangeNothing(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	before, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	if err := l.Reads(ctx); err != nil {
		return err
	}
	dry, err := l.DryRun(ctx, well(newest))
	if err != nil {
		return err
	}
	s.Is("a dry run is only a dry run", dry.DryRun, true)
	failing, err := l.Submit(ctx, lab.Write(scratch.File, "{"))
	if err != nil {
		return err
	}
	s.Is(fmt.Sprintf("another change is %s", failing.State), failing.State == record.Refused || failing.State == record.Failed, true)
	after, err := l.Show(ctx, before.ID, "")
	if err != nil {
		return err
	}
	s.Is("first change", after.State, record.Watching)
	s.Is("its deadline is the same", after.Deadline != nil && before.Deadline != nil && after.Deadline.Equal(*before.Deadline), true)
	return breach(ctx, l, s, before)
}

// breach breaks the service and wants the change to be undone.
func breach(ctx context.Context, l *lab.Lab, s *sight.Sight, c api.Change) error {
	// Before its first healthy answer a failure is a slow start, and no breach.
	if err := l.Answered(ctx); err != nil {
		return err
	}
	if err := l.Break(ctx, scratch.Fails); err != nil {
		return err
	}
	_, err := rolledBack(ctx, l, s, c.ID)
	return err
}

func breachWhileAwaited(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	return breach(ctx, l, s, c)
}

func noData(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	c, err = rolledBack(ctx, l, s, c.ID)
	s.Has("why", c.Why, "did not answer")
	return err
}

func lateAnswers(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	if _, err := l.Up(ctx, lab.Component); err != nil {
		return err
	}
	if err := l.Break(ctx, scratch.Hangs); err != nil {
		return err
	}
	if err := l.Asked(ctx); err != nil {
		return err
	}
	c, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	end, err := l.End(ctx, c.ID)
	s.Is("change", end.State, record.Kept)
	s.Is("file", l.Read(scratch.File), wellVersion(newer))
	return err
}

func secondChange(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	first, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	second, err := l.Submit(ctx, well(newest))
	if err != nil {
		return err
	}
	refused(s, second, "root.busy")
	s.Is("it says when to try again", len(second.Refusals) > 0 && second.Refusals[0].RetryAfter > 0, true)
	s.Is("file", l.Read(scratch.File), wellVersion(newer))
	first, err = l.Order(ctx, first.ID, "confirm")
	s.Is("the first is confirmed by", first.ConfirmedBy != "", true)
	return err
}

func breachAfterConfirmation(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := l.Keep(ctx, well(newer))
	if err != nil {
		return err
	}
	s.Is("confirmed", c.State, record.Kept)
	return breach(ctx, l, s, c)
}

// inTime is how long after the end of a watch a rollback may take on a busy host.
const inTime = 25 * time.Second

func silentConfirmer(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	began := time.Now()
	c, err := l.Submit(ctx, lab.Conduct(newer, scratch.Hangs))
	if err != nil {
		return err
	}
	if _, err = rolledBack(ctx, l, s, c.ID); err != nil {
		return err
	}
	took := time.Since(began)
	s.Is(fmt.Sprintf("old again after %s", took.Round(time.Second)), took < inTime, true)
	return nil
}
