package cases

import (
	"context"
	"fmt"
	"strings"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/launch"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// smallBytes is the size of the full file system; bigLine and bigLines make a file that does not fit.
const (
	smallBytes = 256 << 10
	bigLine    = 8 << 10
	bigLines   = 128
)

// faults are the rows about bad files and a host that fails.
func faults() []Case {
	list := []Case{
		{ID: "F03", Title: "the disk is full", Does: "put the root on a file system of 256 KiB, submit 1 MiB with a second file",
			Expects: "failed, files old, nothing armed", Setup: lab.Setup{Faults: &launch.Faults{Small: "place", Bytes: smallBytes}}, Run: fullDisk},
		{ID: "F04", Title: "input/output error", Does: "have the kernel refuse each exchange of files with EIO",
			Expects: "failed, files old, nothing armed", Setup: lab.Setup{Faults: &launch.Faults{Spoil: launch.Exchange}}, Run: halfway},
		{ID: "F05", Title: "an error after the first file", Does: "have the kernel refuse the second of two steps with EIO",
			Expects: "failed, files old, nothing armed", Setup: lab.Setup{Faults: &launch.Faults{Spoil: launch.Create}}, Run: halfway},
		{ID: "F06", Title: "two daemons", Does: "start a second daemon on the same state",
			Expects: "it refuses and ends, the first goes on", Run: twoDaemons},
	}
	for i, bad := range []struct {
		title, does string
		conduct     scratch.Conduct
	}{
		{"a file with which the service ends", "apply a file with which the service ends at once", scratch.Ends},
		{"a file with the wrong port", "apply a file with which the service listens elsewhere", scratch.Deaf},
		{"a file with which the service fails late", "apply a file that is well at first and fails two seconds later", scratch.Later},
	} {
		list = append(list, Case{ID: fmt.Sprintf("F%02d", 7+i), Title: bad.title, Does: bad.does, Expects: "rolled back by itself",
			Setup: lab.Setup{Watch: "6s"}, Run: badFile(bad.conduct)})
	}
	return append(list, Case{ID: "F10", Title: "a file that does not parse", Does: "submit JSON that ends in the middle",
		Expects: "failed in validation, nothing touched, the service is not restarted", Run: badSyntax})
}

func fullDisk(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	return fails(ctx, l, s, strings.Repeat(strings.Repeat("x", bigLine)+"\n", bigLines))
}

func halfway(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	return fails(ctx, l, s, "x")
}

// fails submits a change of two files, the second new, which cannot be applied.
func fails(ctx context.Context, l *lab.Lab, s *sight.Sight, second string) error {
	c, err := l.Submit(ctx, well(newer), lab.Write("zz", second))
	if err != nil {
		return err
	}
	if c, err = l.End(ctx, c.ID); err != nil {
		return err
	}
	s.Is("change", c.State, record.Failed)
	s.Is("stage", c.Stage, "apply")
	s.Is("second file", l.Read("zz"), "absent")
	nothingArmed(l, s)
	oldAgain(ctx, l, s)
	return nil
}

func twoDaemons(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	c, err := watched(ctx, l, well(newer))
	if err != nil {
		return err
	}
	said, ended := l.SecondDaemon(ctx)
	s.Is("the second ended, saying "+said, ended, true)
	c, err = l.Show(ctx, c.ID, "")
	s.Is("the first's change", c.State, record.Watching)
	return err
}

func badFile(conduct scratch.Conduct) func(context.Context, *lab.Lab, *sight.Sight) error {
	return func(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
		const later = 2000
		file := scratch.Settings{Version: newer, Conduct: conduct, AfterMillis: later}
		c, err := l.Submit(ctx, lab.Write(scratch.File, file.Encode()))
		if err != nil {
			return err
		}
		c, err = rolledBack(ctx, l, s, c.ID)
		s.Is("no person asked for it", c.Unattended, true)
		return err
	}
}

func badSyntax(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	before, err := l.Up(ctx, lab.Component)
	if err != nil {
		return err
	}
	c, err := l.Submit(ctx, lab.Write(scratch.File, `{"version": "new",`))
	if err != nil {
		return err
	}
	s.Is("change", c.State, record.Failed)
	s.Is("stage", c.Stage, "validate")
	s.Is("the service runs on", l.Shown(ctx, lab.Component).PID == before.PID, true)
	oldAgain(ctx, l, s)
	return nil
}
