// Package rescue undoes the changes of the daemon's own files that nobody has confirmed, from their journals alone, and
// leaves a note for each, which the next daemon reads.
//
// It is what the guard does when a daemon with new files does not do well, and what a daemon without a guard does before
// it reads its configuration. It decides nothing: whoever calls it says why. It needs no configuration, no database and
// no running daemon, and it undoes by renames alone, which need no free space.
//
// Undo must not be called while a daemon uses the state folder: the lock of that folder is taken first, and one that is
// held is an error. Calling it again after it was killed goes on where it was.
package rescue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/journal"
)

// Folders and files of the state folder that are used here.
const (
	journalsDir = "journals"
	auditDir    = "audit"
	notesDir    = "guard"
	lockFile    = "lock"
	noteSuffix  = ".undone"
)

// Actor is who the audit log says has undone a change.
const Actor = "guard"

// Note tells the next daemon what became of a change.
type Note struct {
	Change string `json:"change"`
	// Why says, in a sentence, what led to it.
	Why string    `json:"why"`
	At  time.Time `json:"at"`
	// Root is the folder, Paths the files below it.
	Root  string   `json:"root"`
	Paths []string `json:"paths"`
	// Problem says what kept it from being undone; empty when the old files are back.
	Problem string `json:"problem,omitempty"`
	// Conflicts are edits by others that were met and kept.
	Conflicts []txn.Conflict `json:"conflicts,omitempty"`
}

// Files undoes; package worker has the one that is a process of its own.
type Files interface {
	Recover(ctx context.Context, roots []string) ([]txn.Result, error)
	Rollback(ctx context.Context, id string) (txn.Result, error)
}

// Rescue works on one state folder.
type Rescue struct {
	// State is the state folder.
	State string
	Files Files
	// Retry is the time between attempts; 0 means a second.
	Retry time.Duration
}

// ErrInUse matches the error of a state folder that a daemon uses.
var ErrInUse = errors.New("a daemon uses the state folder")

// attempts is how often one call tries. Each start of a guard or a daemon tries again, up to txn.MaxAttempts, which the
// name of the journal counts.
const attempts = 3

// Journals is the folder of the journals below a state folder.
func Journals(state string) string { return filepath.Join(state, journalsDir) }

// Pending lists the changes of the daemon's own files that can still be undone.
func (r Rescue) Pending() ([]txn.Pending, error) {
	all, err := txn.Engine{Journals: Journals(r.State)}.Pending()
	return slices.DeleteFunc(all, func(p txn.Pending) bool { return p.Label != txn.LabelSelf }), err
}

// Undo puts the old files back wherever a change of the daemon's own files is not confirmed, and returns a note for each.
// With nothing to undo it does nothing. An error other than ErrInUse means that a note has a Problem.
func (r Rescue) Undo(ctx context.Context, why string) ([]Note, error) {
	if pending, err := r.Pending(); err != nil || len(pending) == 0 {
		return nil, err
	}
	lock, err := r.lock()
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	pending, err := r.Pending()
	if err != nil || len(pending) == 0 {
		return nil, err
	}
	notes := make([]Note, len(pending))
	for i, p := range pending {
		notes[i] = Note{Change: p.ID, Why: why, At: time.Now().UTC(), Root: p.Root, Paths: p.Paths}
	}
	// The notes come first: once the journal is gone nothing else tells that the files are the old ones.
	if err := r.write(notes); err != nil {
		return nil, err
	}
	undone := r.undoAll(ctx, notes)
	return notes, errors.Join(undone, r.write(notes), r.audit(ctx, notes))
}

// lock takes the lock of the state folder, as a daemon does.
func (r Rescue) lock() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(r.State, lockFile), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the state folder: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock the state folder %s: %w", r.State, err)
	}
	return f, nil
}

// undoAll tries until all are undone, within bounds.
func (r Rescue) undoAll(ctx context.Context, notes []Note) error {
	var err error
	for try := range attempts {
		if try > 0 {
			pause(ctx, r.Retry)
		}
		if err = r.undo(ctx, notes); err == nil {
			return nil
		}
	}
	return err
}

func pause(ctx context.Context, span time.Duration) {
	if span <= 0 {
		span = time.Second
	}
	select {
	case <-time.After(span):
	case <-ctx.Done():
	}
}

// undo ends what was left in the middle, which undoes it, and then rolls back what was applied.
func (r Rescue) undo(ctx context.Context, notes []Note) error {
	results, recoverErr := r.Files.Recover(ctx, nil) // its error may be about other changes than ours
	found := map[string]txn.Result{}
	for _, result := range results {
		found[result.ID] = result
	}
	var all error
	for i := range notes {
		n := &notes[i]
		result, ok := found[n.Change]
		var err error
		switch {
		case !ok && recoverErr != nil && r.isPending(n.Change):
			err = recoverErr
		case !ok:
			// It was undone by an earlier attempt.
		case result.State == txn.Stuck:
			err = errors.New(result.Problem)
		case result.State == txn.Applied:
			result, err = r.Files.Rollback(ctx, n.Change)
		}
		n.Problem = ""
		if err != nil {
			n.Problem = err.Error()
			all = errors.Join(all, fmt.Errorf("undo %s: %w", n.Change, err))
		}
		n.Conflicts = append(n.Conflicts, result.Conflicts...)
	}
	return all
}

func (r Rescue) isPending(id string) bool {
	pending, err := r.Pending()
	return err != nil || slices.ContainsFunc(pending, func(p txn.Pending) bool { return p.ID == id })
}

func (r Rescue) notePath(id string) string { return filepath.Join(r.State, notesDir, id+noteSuffix) }

func (r Rescue) write(notes []Note) error {
	ops := atomicfile.Ops{}
	if err := ops.MkdirAll(filepath.Join(r.State, notesDir), 0o700); err != nil {
		return err
	}
	for _, n := range notes {
		data, err := json.Marshal(n)
		if err != nil {
			return err
		}
		if err := ops.WriteFile(r.notePath(n.Change), data, 0o600); err != nil {
			return fmt.Errorf("note that %s is undone: %w", n.Change, err)
		}
	}
	return nil
}

// audit appends what was done to the audit log: no daemon has it open.
func (r Rescue) audit(ctx context.Context, notes []Note) error {
	log, err := journal.Open(filepath.Join(r.State, auditDir), journal.Options{})
	if err != nil {
		return err
	}
	for _, n := range notes {
		kind := "guard.undone"
		if n.Problem != "" {
			kind = "guard.stuck"
		}
		fields := map[string]any{"change": n.Change, "why": n.Why, "root": n.Root, "paths": n.Paths, "problem": n.Problem}
		if _, err = log.Append(ctx, journal.Entry{Actor: Actor, Kind: kind, Fields: fields}); err != nil {
			break
		}
	}
	return errors.Join(err, log.Close())
}

// Notes reads what was left for the daemon, by the id of the change. A note that cannot be read is left out: its change is
// then found to be undone without a reason.
func (r Rescue) Notes() (map[string]Note, error) {
	files, err := os.ReadDir(filepath.Join(r.State, notesDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the notes of the guard: %w", err)
	}
	notes := map[string]Note{}
	for _, f := range files {
		id, ok := strings.CutSuffix(f.Name(), noteSuffix)
		data, err := os.ReadFile(r.notePath(id))
		var n Note
		if ok && err == nil && json.Unmarshal(data, &n) == nil && n.Change == id {
			notes[id] = n
		}
	}
	return notes, nil
}

// Told removes the note of a change whose record tells it by now.
func (r Rescue) Told(id string) error {
	err := atomicfile.Ops{}.Remove(r.notePath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
