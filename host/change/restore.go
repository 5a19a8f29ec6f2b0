package change

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/undo"
)

// Restore is what is to come back from a backup, and who wants it.
type Restore struct {
	Backup string
	// Paths limits it to these and what is below them; nil for all.
	Paths  []string
	By     string
	Reason string
	// Overwrite restores a file also where somebody edited it after the change that the backup was made for.
	Overwrite bool
	// Undoes is the change for whose undoing it is, empty for a restore at a person's wish.
	Undoes string
}

// Restored is a restore on its way: the change that it became, and what could not be had.
type Restored struct {
	Change string
	// Failed are the entries that the backup could not give; the others come back.
	Failed []backup.Failure
	// Same says that nothing had to be done.
	Same bool
}

// RestoreBackup brings files back as a change of their own, which is backed up, checked and watched like any other, and
// which no gate refuses. A file of a backup that was made for a change comes back only where nobody edited it after that
// change.
func (p *Pipeline) RestoreBackup(ctx context.Context, s Restore) (Restored, error) {
	info, err := p.opt.Backups.Info(s.Backup)
	if err != nil {
		return Restored{}, err
	}
	root, err := p.root(info.Root)
	if err != nil {
		return Restored{}, err
	}
	if root.Path != info.RootPath {
		return Restored{}, invalid("restore.root", fmt.Sprintf("the backup is of %s, and root %s is %s by now", info.RootPath, root.Name, root.Path), "declare the root as it was")
	}
	taker := &undo.Taker{Needs: func(e candidate.Edit) (bool, error) {
		needed, err := candidate.Candidate{Edits: []candidate.Edit{e}}.Needed(root.Path)
		return len(needed) > 0, err
	}}
	if !s.Overwrite {
		taker.Bases = p.leftBy(ctx, s.Backup)
	}
	failed, err := p.opt.Backups.Restore(ctx, s.Backup, s.Paths, taker)
	if err != nil {
		return Restored{}, err
	}
	out := Restored{Failed: failed}
	c := candidate.Candidate{Root: root.Name, Reason: s.Reason, Edits: taker.Edits}
	if len(c.Edits) == 0 {
		out.Same = true
		return out, nil
	}
	rec, err := p.Submit(ctx, Submission{Candidate: c, By: s.By, Origin: record.FromRestore, Undoes: s.Undoes})
	if err != nil {
		return out, err
	}
	out.Change = rec.ID
	return out, p.Apply(ctx, rec.ID)
}

// revert undoes a kept change by restoring what it touched. Where somebody edited a file after it, that is refused, so
// that no edit is lost.
func (p *Pipeline) revert(ctx context.Context, rec record.Record, by, reason string) (string, error) {
	out, err := p.RestoreBackup(ctx, Restore{
		Backup: rec.Backup, By: by, Reason: fmt.Sprintf("rollback of %s: %s", rec.ID, reason), Undoes: rec.ID,
	})
	if err == nil && !out.Same {
		p.rememberUndone(rec, reason)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("roll back %s: %w", rec.ID, err)
	case out.Same:
		return "", fmt.Errorf("roll back %s: the files are as they were before it: %w", rec.ID, ErrState)
	case len(out.Failed) > 0:
		p.opt.Log.Error("a rollback lacks files that the backup could not give", "change", rec.ID, "count", len(out.Failed), "first", out.Failed[0].Path)
	}
	return out.Change, nil
}

// rememberUndone keeps a change that is being undone from coming back with its author's next try.
func (p *Pipeline) rememberUndone(rec record.Record, reason string) {
	err := p.gates.Remember(gate.Rejected{Key: rec.Key, Context: rec.Context, Change: rec.ID, Why: "it was undone: " + reason, At: *now()})
	if err != nil {
		p.opt.Log.Error("a change that was undone may be tried again after a restart", "change", rec.ID, "error", err)
	}
}

// CheckRollback reports why a change cannot be undone, without touching anything: it was never applied, or a file of it
// was edited since, so that undoing it would lose that edit.
func (p *Pipeline) CheckRollback(ctx context.Context, id string) error {
	rec, err := p.Change(ctx, id)
	if err != nil {
		return err
	}
	if rec.State == record.Watching || p.underway(id) != nil && rec.State == record.Kept {
		return nil // the old files are at hand, and whatever was edited is kept
	}
	if rec.State != record.Kept {
		return fmt.Errorf("roll back %s, which is %s: %w", id, rec.State, ErrState)
	}
	if err := undo.Check(rec, func(path string) (string, error) { return p.sum(rec.Root, path) }); err != nil {
		return fmt.Errorf("roll back %s: %w: %w", id, err, ErrState)
	}
	return nil
}

// sum returns what stands at a path, in the words of a record.
func (p *Pipeline) sum(root, path string) (string, error) {
	r, err := p.root(root)
	if err != nil {
		return "", err
	}
	resolved, err := candidate.Single(r.Name, path, nil).Resolve(r.Path)
	if err != nil {
		return "", err
	}
	return resolved.Changes[0].Before.Sum(), nil
}

// leftBy tells what the change left at each path, for whose sake the backup was made; nothing for one made by hand.
func (p *Pipeline) leftBy(ctx context.Context, backupID string) map[string]string {
	bases := map[string]string{}
	id, ok := strings.CutPrefix(backupID, "backup_")
	if i := strings.LastIndex(id, "_"); ok && i > 0 {
		id = id[:i]
	}
	rec, err := p.Change(ctx, id)
	if err != nil || rec.Backup != backupID {
		return bases
	}
	for _, path := range rec.Paths {
		if path.After != "" {
			bases[path.Path] = path.After
		}
	}
	return bases
}

// Backups gives access to the store, for lists and copies made by hand.
func (p *Pipeline) Backups() *backup.Store { return p.opt.Backups }

// BackupNow stores a whole root at a person's wish.
func (p *Pipeline) BackupNow(ctx context.Context, name, by string) (backup.Info, error) {
	root, err := p.root(name)
	if err != nil {
		return backup.Info{}, err
	}
	settings, at := p.opt.Settings(), *now()
	info, err := p.makeBackup(ctx, strings.ReplaceAll(root.Name, ":", "-"), backup.Request{
		Root: root.Name, RootPath: root.Path, Now: at, Expires: at.Add(settings.KeepBackup),
	})
	if err != nil {
		return info, err
	}
	return info, p.opt.Audit(by, "backup.created", map[string]any{"backup": info.ID, "root": root.Name})
}

// Current returns the content of a file of a root as it is. The error of one that is not there, or is no file, matches
// fs.ErrNotExist.
func (p *Pipeline) Current(root, path string) ([]byte, error) {
	c := candidate.Single(root, path, nil)
	if err := c.Check(); err != nil {
		return nil, invalid("change.shape", err.Error(), "name a file below the root")
	}
	r, c, err := p.locate(c)
	if err != nil {
		return nil, err
	}
	resolved, err := c.Resolve(r.Path)
	if err != nil {
		return nil, invalid("change.files", err.Error(), "name a file that can be read")
	}
	before := resolved.Changes[0].Before
	if before.Kind != candidate.File {
		return nil, &fs.PathError{Op: "read", Path: filepath.Join(r.Path, path), Err: fs.ErrNotExist}
	}
	return before.Content, nil
}
