package cases

import (
	"context"
	"fmt"
	"strings"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/scratch"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// backups are the rows about stored states.
func backups() []Case {
	return []Case{
		{ID: "R17", Title: "pruning keeps the only good copy", Does: "keep one backup at most, then make a change that fails",
			Expects: "the last known good backup is there and whole", Setup: lab.Setup{Watch: "2s", KeepBackups: 1}, Run: lastKnownGood},
		{ID: "R18", Title: "a restore goes on after a damaged file", Does: "store a root, flip a byte in the store, restore",
			Expects: "the other files are restored, the damaged one is named", Run: damagedRestore},
	}
}

func lastKnownGood(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	// The first backup is of a service that was seen healthy.
	if err := l.Answered(ctx); err != nil {
		return err
	}
	first, err := l.Submit(ctx, well(newer))
	if err != nil {
		return err
	}
	if first, err = l.End(ctx, first.ID); err != nil {
		return err
	}
	s.Is("first change", first.State, record.Kept)
	if err := l.Break(ctx, scratch.Fails); err != nil { // from now on backups are of an ill service
		return err
	}
	for i := range 2 {
		c, err := l.Submit(ctx, lab.Conduct(fmt.Sprint("breaking ", i), scratch.Deaf))
		if err != nil {
			return err
		}
		if _, err = l.End(ctx, c.ID); err != nil {
			return err
		}
	}
	list, err := l.Backups(ctx)
	if err != nil {
		return err
	}
	good := 0
	for _, b := range list {
		if !b.LastKnownGood {
			continue
		}
		good++
		damage, err := l.Verify(ctx, b.BackupID)
		if err != nil {
			return err
		}
		s.Is("damage of "+b.BackupID, len(damage), 0)
	}
	s.Is("good backups", good, 1)
	return nil
}

func damagedRestore(ctx context.Context, l *lab.Lab, s *sight.Sight) error {
	const fragile = "fragile content that will be damaged 0123456789"
	if err := l.Write("fragile", fragile); err != nil {
		return err
	}
	if err := l.Write("sound", "a content that stays as it is"); err != nil {
		return err
	}
	b, err := l.Backup(ctx)
	if err != nil {
		return err
	}
	if err := l.SpoilBackup(fragile[:10]); err != nil {
		return err
	}
	for _, name := range []string{"fragile", "sound"} {
		if err := l.Write(name, "overwritten"); err != nil {
			return err
		}
	}
	r, err := l.Restore(ctx, b.BackupID)
	if err != nil {
		return err
	}
	s.Has("files that it could not give", strings.Join(r.Failed, ", "), "fragile")
	if _, err := l.Show(ctx, r.ModificationID, "?wait=30s"); err != nil {
		return err
	}
	s.Is("sound file", l.Read("sound"), "a content that stays as it is")
	s.Is("damaged file", l.Read("fragile"), "overwritten")
	damage, err := l.Verify(ctx, b.BackupID)
	s.Is("damage that verify finds", len(damage), 1)
	return err
}
