package cases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// undoing are the rows about the way back.
func undoing() []Case {
	return []Case{
		{ID: "R04", Title: "a rollback restores everything, verified by effect", Does: "change content, mode and link of a file with an attribute to one that breaks",
			Expects: "mode, owner, attribute, link and content old; the service has read them", Setup: lab.Setup{Watch: "3s"}, Run: everythingRestored},
		{ID: "R05", Title: "what the change restarted, the rollback restarts", Does: "roll a change back and look at the service's process",
			Expects: "another process, which has read the old file", Run: restartedAgain},
		{ID: "R06", Title: "a rollback is a failure of the change", Does: "submit a breaking change with the command line, and wait",
			Expects: "exit code 4, rolled_back in API and audit log", Setup: lab.Setup{Watch: "3s"}, Run: reportedAsFailure},
		{ID: "R07", Title: "the target is the previous good state", Does: "keep one change, apply a second, kill -9, start again",
			Expects: "the first change's files", Run: previousGood},
		{ID: "R08", Title: "a failed rollback does not loop", Does: "spoil the journal of a watched change, roll it back",
			Expects: "stuck after bounded attempts, with an alarm; nothing is guessed", Run: failedRollback},
		{ID: "R13", Title: "a rollback is immediate", Does: "roll back while a slow check of another change runs",
			Expects: "old within seconds", Setup: lab.Setup{Validate: []string{"/bin/sleep", "20"}}, Run: immediate},
		{ID: "R14", Title: "healthy parts stay up", Does: "apply a breaking change beside a service that it does not concern",
			Expects: "the neighbor's process is the same throughout", Setup: lab.Setup{Watch: "3s", Neighbor: true}, Run: neighborsStay},
	}
}

// dress is what a file wears beside its content.
func dress(path string) string {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err.Error()
	}
	note := make([]byte, 16)
	n, err := unix.Getxattr(path, "user.drill", note)
	if err != nil {
		n = copy(note, "none")
	}
	return fmt.Sprintf("mode %o, owner %d:%d, attribute %s", st.Mode, st.Uid, st.Gid, note[:n])
}

func everythingRestored(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	file, link := l.Path(scratch.File), l.Path("link")
	if err := os.Chmod(file, 0o604); err != nil {
		return err
	}
	if err := unix.Setxattr(file, "user.drill", []byte("mine"), 0); err != nil && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	if err := os.Symlink(scratch.File, link); err != nil {
		return err
	}
	before := dress(file)
	breaking := lab.Conduct(newer, scratch.Deaf)
	breaking.Mode = "0600"
	c, err := l.Submit(ctx, breaking, api.ChangeEdit{Kind: "symlink", Path: "link", Target: "elsewhere"}, lab.Write("fresh/file", "x"))
	if err != nil {
		return err
	}
	if c, err = rolledBack(ctx, l, s, c.ID); err != nil {
		return err
	}
	s.Is("file", dress(file), before)
	target, err := os.Readlink(link)
	s.Is("link to", target, scratch.File)
	s.Is("new folder", l.Read("fresh/file"), "absent")
	s.Is("verified by its effect", c.Verified, record.Pass)
	return err
}

func restartedAgain(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	during, err := l.Up(ctx, lab.Component)
	if err != nil {
		return err
	}
	s.Is("during the watch the service runs", during.Version, newer)
	if _, err := l.Order(ctx, c.ID, "rollback"); err != nil {
		return err
	}
	if _, err = rolledBack(ctx, l, s, c.ID); err != nil {
		return err
	}
	after, err := l.Up(ctx, lab.Component)
	s.Is("it is another process", after.PID != during.PID, true)
	return err
}

func reportedAsFailure(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	file, err := l.Scratch("submitted", scratch.Settings{Version: newer, Conduct: scratch.Deaf}.Encode())
	if err != nil {
		return err
	}
	code, text, err := l.Command(ctx, "change", "submit", file, "--root", lab.Root, "--path", scratch.File, "--wait")
	if err != nil {
		return err
	}
	s.Is("exit code", code, 4)
	s.Has("it says", text, "rolled back")
	list, err := l.Changes(ctx)
	if err != nil || len(list) != 1 {
		return errors.Join(err, fmt.Errorf("there are %d changes", len(list)))
	}
	s.Is("API", list[0].State, record.RolledBack)
	kinds, err := l.Audit(ctx)
	s.Has("audit log", fmt.Sprint(kinds), "change.rolled_back")
	return err
}

func previousGood(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	first, err := l.Keep(ctx, well(newer))
	if err != nil {
		return err
	}
	s.Is("first change", first.State, record.Kept)
	second, err := watched(ctx, l, well(newest))
	if err != nil {
		return err
	}
	if err := l.Restart(ctx); err != nil {
		return err
	}
	end, err := l.End(ctx, second.ID)
	if err != nil {
		return err
	}
	s.Is("second change", end.State, record.RolledBack)
	s.Is("file", l.Read(scratch.File), wellVersion(newer))
	s.Is("service runs", l.Serves(ctx, lab.Component, newer), newer)
	return nil
}

func failedRollback(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	if err := l.SpoilJournal(); err != nil {
		return err
	}
	if _, err := l.Order(ctx, c.ID, "rollback"); err != nil {
		return err
	}
	end, err := l.End(ctx, c.ID)
	if err != nil {
		return err
	}
	s.Is("change", end.State, record.Stuck)
	s.Is("file", l.Read(scratch.File), wellVersion(newer))
	kinds, err := l.Audit(ctx)
	s.Has("audit log", fmt.Sprint(kinds), "change.stuck")
	return err
}

func immediate(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	slow, err := l.Post(ctx, lab.Second, lab.Write("f", "x"))
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := l.Order(ctx, c.ID, "rollback"); err != nil {
		return err
	}
	if _, err = rolledBack(ctx, l, s, c.ID); err != nil {
		return err
	}
	took := time.Since(began)
	const bar = 10 * time.Second
	s.Is(fmt.Sprintf("old after %s, with another change %s", took.Round(time.Millisecond), slow.State), took < bar, true)
	return nil
}

func neighborsStay(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	before, err := l.Up(ctx, lab.Neighbor)
	if err != nil {
		return err
	}
	c, err := l.Submit(ctx, lab.Conduct(newer, scratch.Deaf))
	if err != nil {
		return err
	}
	if _, err = rolledBack(ctx, l, s, c.ID); err != nil {
		return err
	}
	after, err := l.Up(ctx, lab.Neighbor)
	s.Is("process of the neighbor is the same", after.PID == before.PID, true)
	return err
}
