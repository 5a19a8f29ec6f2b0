package change

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/change/record"
)

// backup stores every path that the change touches, absent ones included, before anything is touched.
func (r *run) backup(ctx context.Context) outcome {
	now := time.Now()
	settings := r.p.opt.Settings()
	paths := make([]string, len(r.rec.Paths))
	for i, p := range r.rec.Paths {
		paths[i] = p.Path
	}
	info, err := r.p.makeBackup(ctx, r.rec.ID, backup.Request{
		Root: r.root.Name, RootPath: r.root.Path, Paths: paths, Now: now, Expires: now.Add(settings.KeepBackup),
	})
	id := info.ID
	if err == nil {
		err = r.p.opt.Backups.Pin(id, r.rec.ID)
	}
	if err != nil {
		return outcome{verdict: record.Fail, text: "nothing is changed without a backup: " + err.Error(), end: record.Failed}
	}
	r.rec.Backup, r.pinned = id, true
	out := passed(fmt.Sprintf("%s holds %d files, %d bytes", id, info.Files, info.Bytes))
	if verdict, text := r.lookAtOwner(ctx); verdict == record.Pass {
		damage, err := r.p.opt.Backups.Verify(ctx, id)
		if err == nil && len(damage) > 0 {
			err = fmt.Errorf("the backup is damaged: %s", damage[0])
		}
		if err == nil {
			err = r.p.opt.Backups.MarkGood(id)
		}
		if err != nil {
			return outcome{verdict: record.Fail, text: err.Error(), end: record.Failed}
		}
		out.details = append(out.details, "the owner is healthy, so this is the last known good state")
	} else if r.root.Component != "" {
		out.details = append(out.details, "not marked as good: "+text)
	}
	r.prune(now, settings.KeepMax)
	return out
}

// idTries is how many ids are tried. They count seconds, and a change that was approved at once comes twice within one.
const idTries = 60

// makeBackup makes a backup under the first id that is free.
func (p *Pipeline) makeBackup(ctx context.Context, whose string, req backup.Request) (backup.Info, error) {
	for try := range idTries {
		req.ID = backup.ID(whose, req.Now.Add(time.Duration(try)*time.Second))
		info, err := p.opt.Backups.Create(ctx, req)
		if !errors.Is(err, os.ErrExist) {
			return info, err
		}
	}
	return backup.Info{}, fmt.Errorf("%d ids of backups of %s are taken: %w", idTries, whose, os.ErrExist)
}

// prune expires old backups. What is pinned or last known good stays, so a failure here is no harm to this change.
func (r *run) prune(now time.Time, keep int) {
	if keep < 1 {
		return
	}
	if _, err := r.p.opt.Backups.Prune(now, backup.Policy{KeepMax: keep}); err != nil {
		r.p.opt.Log.Warn("old backups were not removed", "error", err)
	}
}

// unpin is the undo of backup: the copy stays until it expires, and is no longer held for this change.
func (r *run) unpin(context.Context) error {
	if !r.pinned {
		return nil
	}
	r.pinned = false
	if err := r.p.opt.Backups.Unpin(r.rec.Backup, r.rec.ID); err != nil {
		r.p.opt.Log.Warn("a backup is kept longer than needed", "backup", r.rec.Backup, "error", err)
	}
	return nil
}

func (r *run) backupDry(context.Context) outcome {
	return passed(fmt.Sprintf("would back up %d paths", len(r.rec.Paths)))
}

// lookAtOwner asks the owner's probes, within the bound of one look.
func (r *run) lookAtOwner(ctx context.Context) (record.Verdict, string) {
	if r.root.Component == "" {
		return record.Inconclusive, "the root has no owner"
	}
	return r.p.look(ctx, r.root.Component)
}

func (p *Pipeline) look(ctx context.Context, component string) (record.Verdict, string) {
	return p.looks.Look(ctx, component)
}
