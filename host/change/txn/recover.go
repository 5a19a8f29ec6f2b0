package txn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/change/txn/step"
)

// Confirm lets the old objects of an applied change go. An old object that somebody wrote to after the change, through a
// descriptor that was open before it, is kept and named in the result.
func (e Engine) Confirm(id string) (Result, error) {
	return e.end(id, func(j *journal) (Result, error) {
		from, to := e.markPath(id, appliedSuffix), e.markPath(id, confirmedSuffix)
		if exists(from) {
			// From this rename on the change is confirmed, whatever happens.
			if err := e.Ops.Do("rename", to, func() error { return os.Rename(from, to) }); err != nil {
				return Result{}, err
			}
			if err := e.syncJournals(); err != nil {
				return Result{}, err
			}
		} else if !exists(to) {
			return Result{}, errors.New("it was not applied, or is being rolled back")
		}
		return j.finish(Confirmed)
	})
}

// Rollback puts the old objects of an applied change back. Files that somebody else edited after the change stay as they
// are and are named in the result. After an error that matches ErrUnfinished Recover goes on with it.
func (e Engine) Rollback(id string) (Result, error) {
	return e.end(id, func(j *journal) (Result, error) {
		if exists(e.markPath(id, confirmedSuffix)) {
			return Result{}, errors.New("it is confirmed: restore the backup in its place")
		}
		// Without the mark the journal says "undo", whatever happens.
		err := e.Ops.Remove(e.markPath(id, appliedSuffix))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Result{}, err
		}
		return j.undo()
	})
}

// end runs the last act on the change id.
func (e Engine) end(id string, act func(*journal) (Result, error)) (Result, error) {
	result := Result{ID: id}
	err := e.locked(unix.LOCK_NB, func() error {
		j, err := e.find(id)
		if err != nil {
			return err
		}
		defer j.close()
		result, err = act(j)
		return err
	})
	if err != nil {
		return result, fmt.Errorf("end %s: %w", id, err)
	}
	return result, nil
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return !errors.Is(err, fs.ErrNotExist)
}

// undo undoes all steps, the last first, and ends the change. It goes on after a step that fails.
func (j *journal) undo() (Result, error) {
	var all error
	for i := len(j.Steps) - 1; i >= 0; i-- {
		s := &j.Steps[i]
		found, err := j.place.Undo(s)
		if err != nil {
			all = errors.Join(all, fmt.Errorf("undo %s %s: %w", s.Act, s.Path, err))
		}
		if found != "" {
			j.kept = append(j.kept, Conflict{Path: s.Path, Found: found})
		}
	}
	if all == nil {
		all = j.syncFolders()
	}
	if all != nil {
		return j.result(Stuck, nil), fmt.Errorf("%w: %w", ErrUnfinished, all)
	}
	return j.finish(RolledBack)
}

// finish keeps what is not ours, forgets the change and empties its slots.
func (j *journal) finish(state State) (Result, error) {
	if err := j.keepForeign(); err != nil {
		return j.result(Stuck, nil), fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	if err := j.remove(); err != nil {
		return j.result(Stuck, nil), fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	// The change has ended. What cannot be removed now is litter, which the next Recover removes.
	_ = j.engine.dropSlots(j.Root, j.ID)
	return j.result(state, nil), nil
}

// syncFolders makes the renames durable.
func (j *journal) syncFolders() error {
	done := map[string]bool{}
	for _, s := range j.Steps {
		if done[path.Dir(s.Path)] {
			continue
		}
		done[path.Dir(s.Path)] = true
		dir, err := j.place.Parent(s.Path)
		if reason, _ := step.Unreachable(err); reason != "" {
			continue // it was undone, or somebody else removed it
		}
		if err != nil {
			return err
		}
		err = j.engine.Ops.Sync(dir)
		_ = dir.Close() // read only
		if err != nil {
			return err
		}
	}
	return j.engine.Ops.Sync(j.place.Slots)
}

// keepForeign moves objects that are neither the old nor the new one out of the slots, to a folder that is never emptied
// by itself.
func (j *journal) keepForeign() error {
	for i := range j.Steps {
		s := &j.Steps[i]
		for _, slot := range s.Slots() {
			foreign, err := j.place.Foreign(s, slot)
			if err == nil && foreign {
				err = j.keep(s, slot)
			}
			if err != nil {
				return fmt.Errorf("keep the edit of %s: %w", s.Path, err)
			}
		}
	}
	return nil
}

// keep moves one object to the kept ones.
func (j *journal) keep(s *step.Step, slot string) error {
	ops, folder := j.engine.Ops, filepath.Join(slotsBase(j.Root), keptName)
	if err := ops.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	dir, err := ops.OpenDir(folder)
	if err != nil {
		return err
	}
	defer dir.Close()
	name := j.ID + "-" + slot
	if err := j.place.Rename(j.place.Slots, slot, dir, name, 0); err != nil {
		return err
	}
	j.kept = append(j.kept, Conflict{
		Path: s.Path, Kept: filepath.Join(folder, name),
		Found: "somebody else wrote to the old file after it was replaced; what they wrote is kept apart",
	})
	return ops.Sync(dir)
}

// Recover brings every change whose process died to an end: one that was not wholly applied is undone, one that was is
// left as Applied for the watch to decide, one that was being confirmed is confirmed. It also removes what was staged
// without a journal below the given roots. Being killed in it is harmless. A journal that is damaged, or that was tried
// MaxAttempts times, is left alone as Stuck. The error joins those of single changes, which are Stuck too. A process of
// an earlier daemon that is still at work is waited for.
func (e Engine) Recover(roots []string) ([]Result, error) {
	var results []Result
	err := e.locked(0, func() error {
		if _, err := atomicfile.RemoveLeftovers(e.Journals); err != nil {
			return err
		}
		found, err := e.list()
		if err != nil {
			return err
		}
		var all error
		alive := map[string]bool{}
		for _, at := range found {
			r, err := e.recover(at)
			all = errors.Join(all, err)
			results = append(results, r)
			alive[at.id] = r.State == Stuck || r.State == Applied
		}
		return errors.Join(all, e.dropMarks(alive), e.dropStaging(roots, alive))
	})
	if err != nil {
		return results, fmt.Errorf("recover changes: %w", err)
	}
	return results, nil
}

func (e Engine) recover(at entry) (Result, error) {
	stuck := Result{ID: at.id, State: Stuck}
	j, err := e.load(at)
	if err != nil {
		stuck.Problem = err.Error()
		return stuck, fmt.Errorf("change %s: %w", at.id, err)
	}
	defer j.close()
	if exists(e.markPath(at.id, confirmedSuffix)) {
		return j.finish(Confirmed)
	}
	if exists(e.markPath(at.id, appliedSuffix)) {
		// A mark that cannot be read says applied, but not when: an empty one makes the watch roll back.
		mark, err := e.readMark(at.id)
		if err != nil {
			mark = &Mark{}
		}
		return j.result(Applied, mark), nil
	}
	if at.attempts >= MaxAttempts {
		stuck.Problem = fmt.Sprintf("undoing was tried %d times; see the log for why it failed, then retry with a restart", at.attempts)
		return stuck, fmt.Errorf("change %s: %s", at.id, stuck.Problem)
	}
	if err := j.attempt(); err != nil {
		stuck.Problem = err.Error()
		return stuck, err
	}
	result, err := j.undo()
	if err != nil {
		result.Problem = err.Error()
		return result, fmt.Errorf("change %s: %w", at.id, err)
	}
	return result, nil
}

// dropMarks removes marks without a journal.
func (e Engine) dropMarks(alive map[string]bool) error {
	files, err := os.ReadDir(e.Journals)
	if err != nil {
		return err
	}
	for _, f := range files {
		for _, suffix := range []string{appliedSuffix, confirmedSuffix} {
			id, ok := strings.CutSuffix(f.Name(), suffix)
			if !ok || alive[id] {
				continue
			}
			if err := e.Ops.Remove(filepath.Join(e.Journals, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// dropStaging removes the slots of changes without a journal.
func (e Engine) dropStaging(roots []string, alive map[string]bool) error {
	var all error
	for _, root := range roots {
		root, err := filepath.EvalSymlinks(root)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		files, err := os.ReadDir(slotsBase(root))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, err)
		}
		for _, f := range files {
			if id, ok := strings.CutPrefix(f.Name(), "txn-"); ok && !alive[id] {
				all = errors.Join(all, e.dropSlots(root, id))
			}
		}
	}
	return all
}
