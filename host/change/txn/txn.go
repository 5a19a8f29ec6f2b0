// Package txn owns the transactional apply of a change of many files: killed, cut off or refused by a full disk at any
// instant, the files of a change are wholly old or wholly new after Recover, and an edit by somebody else is never lost.
//
// It knows three places: the root in which files change; the slots, a folder beside the root and on its file system,
// where new objects are staged and old ones kept; and the journal, which says what belongs where. A change is prepared
// (staged and journalled, nothing visible yet), applied (renames alone), and then confirmed or rolled back (renames
// alone again, which need no free space).
//
// While a change is being applied a reader can see one file new and another one old for some milliseconds.
//
// It does not own what a change is good for: backups, checks and the watch are stages of host/change. It must be used
// by one thread at a time; a lock file refuses a second process. The daemon runs it in a process of its own (package
// worker).
package txn

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/change/txn/object"
	"github.com/homeostat/homeostat/host/change/txn/step"
)

// Kind is what an operation does to a path.
type Kind string

// The kinds of operations.
const (
	// Write makes the path a regular file with the given content.
	Write Kind = "write"
	// Delete removes the file, the link, or the folder that is empty once the rest of the change is applied.
	Delete Kind = "delete"
	// Link makes the path a symbolic link.
	Link Kind = "symlink"
	// Mode changes owner and mode of what is there.
	Mode Kind = "mode"
	// Folder makes the path a folder, and sets owner and mode of one that exists.
	Folder Kind = "folder"
)

// Op is one operation of a change.
type Op struct {
	Kind Kind `json:"kind"`
	// Path is slash-separated and relative to the root, in its shortest form.
	Path string `json:"path"`
	// Data is the content of a file or the target of a link. For large files Source names a file that has it instead; its
	// content must have the sum Sum, in hexadecimal.
	Data   []byte `json:"data,omitempty"`
	Source string `json:"source,omitempty"`
	Sum    string `json:"sum,omitempty"`
	// Mode, UID, GID and Xattrs are taken over from what is there, or from the defaults, where they are nil. MTime, in
	// nanoseconds since 1970, is the present where it is 0.
	Mode   *uint32           `json:"mode,omitempty"`
	UID    *uint32           `json:"uid,omitempty"`
	GID    *uint32           `json:"gid,omitempty"`
	Xattrs map[string][]byte `json:"xattrs,omitempty"`
	MTime  int64             `json:"mtime,omitempty"`
	// Sparse stores runs of zeros as holes.
	Sparse bool `json:"sparse,omitempty"`
	// Base is what the author saw at the path. The change is refused if something else is there by now. nil means that
	// the author looked at nothing.
	Base *Base `json:"base,omitempty"`
}

// Base is what an author saw at a path: nothing, or a content.
type Base struct {
	Absent bool   `json:"absent,omitempty"`
	Sum    string `json:"sum,omitempty"`
}

// Change is a set of operations that belong together. No two may concern the same path.
type Change struct {
	// ID is letters, digits, _ and -, at most 100.
	ID string `json:"id"`
	// Root is the absolute path of the root.
	Root string `json:"root"`
	Ops  []Op   `json:"ops"`
	// Watch is how long the change can be undone after it was applied. It is only carried in the journal, for those who
	// time the watch.
	Watch time.Duration `json:"watch,omitempty"`
	// Label says what the change is to those who read the journal alone; it means nothing here.
	Label string `json:"label,omitempty"`
}

// State is how far a change is.
type State string

// The states of a change, as Apply, Confirm, Rollback and Recover leave it.
const (
	// Applied: all files are new, and the old ones are kept.
	Applied State = "applied"
	// Confirmed: all files are new, the old ones are gone.
	Confirmed State = "confirmed"
	// RolledBack: all files are old, except those named as conflicts.
	RolledBack State = "rolled_back"
	// Unchanged: nothing was to do, since all files were as the change wants them.
	Unchanged State = "unchanged"
	// Stuck: recovery was tried too often, or the journal is damaged. Nothing is touched until a person looks.
	Stuck State = "stuck"
)

// Result is what became of a change.
type Result struct {
	ID    string `json:"id"`
	State State  `json:"state"`
	// Conflicts are the edits by others that were met.
	Conflicts []Conflict `json:"conflicts,omitempty"`
	// Problem says why a change is Stuck.
	Problem string `json:"problem,omitempty"`
	// Weaker says that the file system cannot exchange two names in one step, so that an edit in the instant of the
	// rename, or a power cut then, is not covered.
	Weaker bool `json:"weaker,omitempty"`
	// Mark says when the change was applied; it is nil unless State is Applied.
	Mark *Mark `json:"mark,omitempty"`
	// Watch is that of the change.
	Watch time.Duration `json:"watch,omitempty"`
	// Label is that of the change.
	Label string `json:"label,omitempty"`
	// Paths are the paths that the change touches.
	Paths []string `json:"paths,omitempty"`
}

// Conflict is an edit by somebody else on a path of the change. The edit is kept.
type Conflict struct {
	Path string `json:"path"`
	// Found says what was met, as a sentence.
	Found string `json:"found"`
	// Kept is where an object lies that fits nowhere any more, empty if none does.
	Kept string `json:"kept,omitempty"`
}

// ErrOutsideEdit matches the error of a change that was undone because somebody else edited one of its files while it was
// being applied.
var ErrOutsideEdit = step.ErrOutsideEdit

// ErrBusy matches the error of a second process at work on the same journals.
var ErrBusy = errors.New("another process is applying or recovering changes")

// ErrUnfinished matches errors after which files may be partly old and partly new, until Recover has been called.
var ErrUnfinished = errors.New("the change is neither done nor undone, recovery is needed")

// ErrUnknown matches errors about a change that has no journal.
var ErrUnknown = errors.New("no such change is being watched")

// MaxAttempts is how often Recover tries to undo a change before it leaves it for a person.
const MaxAttempts = 10

// Engine applies changes. The zero value of Ops does real operations.
type Engine struct {
	// Journals is the folder of the journals, which must exist.
	Journals string
	Ops      atomicfile.Ops
}

// Apply prepares and applies a change. When it returns nil the result is Applied or Unchanged. A refusal.List means that
// nothing was touched; after any other error the files are old again, unless the error matches ErrUnfinished.
func (e Engine) Apply(c Change) (Result, error) {
	var result Result
	err := e.locked(unix.LOCK_NB, func() (err error) {
		result, err = e.apply(c)
		return err
	})
	if err != nil {
		return result, fmt.Errorf("apply %s to %s: %w", c.ID, c.Root, err)
	}
	return result, nil
}

func (e Engine) apply(c Change) (Result, error) {
	result := Result{ID: c.ID, State: RolledBack}
	j, err := e.prepare(c)
	if err != nil {
		return result, err
	}
	defer j.close()
	if len(j.Steps) == 0 {
		result.State = Unchanged
		return result, nil
	}
	if err := j.do(); err != nil {
		undone, undoErr := j.undo()
		return undone, errors.Join(err, undoErr)
	}
	mark, err := e.mark(j)
	if err != nil {
		undone, undoErr := j.undo()
		return undone, errors.Join(err, undoErr)
	}
	return j.result(Applied, mark), nil
}

// do carries out all steps and makes them durable.
func (j *journal) do() error {
	for i := range j.Steps {
		if err := j.place.Do(&j.Steps[i]); err != nil {
			return fmt.Errorf("step %d, %s %s: %w", i+1, j.Steps[i].Act, j.Steps[i].Path, err)
		}
	}
	return j.syncFolders()
}

// wanted is the state that op asks for, given the one that is there.
func (op Op) wanted(before object.State, defaults object.State) object.State {
	want := defaults
	if before.Kind == object.File || before.Kind == object.Folder {
		want = before
	}
	want.Kind = map[Kind]object.Kind{Write: object.File, Link: object.Symlink, Folder: object.Folder, Mode: before.Kind}[op.Kind]
	if want.Kind != before.Kind {
		want.Xattrs = nil
	}
	for _, set := range []struct{ to, from *uint32 }{{&want.Mode, op.Mode}, {&want.UID, op.UID}, {&want.GID, op.GID}} {
		if set.from != nil {
			*set.to = *set.from
		}
	}
	if op.Xattrs != nil {
		want.Xattrs = op.Xattrs
	}
	want.MTime, want.Sparse = op.MTime, op.Sparse
	return want
}
