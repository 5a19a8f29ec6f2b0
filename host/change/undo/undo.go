// Package undo knows what it takes to bring back what a backup holds: the edits of the change that does so, and whether an
// edit that was made since would be lost by it.
//
// It touches no file and keeps nothing. A Taker is used by one goroutine.
package undo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
)

// Taker is a backup.Target that turns the entries of a backup into edits.
type Taker struct {
	// Bases are the sums that paths must have now, by path; a path that is not among them may be anything.
	Bases map[string]string
	// Needs says whether an edit would change anything; nil for always. What is as it should be counts for nothing, so
	// that a large root can be restored when little of it differs.
	Needs func(candidate.Edit) (bool, error)
	// Edits are what it took so far.
	Edits []candidate.Edit
	size  int64
}

var kinds = map[backup.Kind]txn.Kind{
	backup.File: txn.Write, backup.Folder: txn.Folder, backup.Symlink: txn.Link, backup.Absent: txn.Delete,
}

// errTooLarge says that a restore does not fit one change.
var errTooLarge = errors.New("the files together are too large for one change: restore them in parts, by path")

// Restore implements backup.Target.
func (t *Taker) Restore(_ context.Context, e backup.Entry, content io.Reader) error {
	if e.Path == "." {
		return nil // the root itself stays
	}
	if e.HardLink != "" {
		return fmt.Errorf("it is a further name of %s, which a change cannot make", e.HardLink)
	}
	edit := candidate.Edit{Kind: kinds[e.Kind], Path: e.Path, Base: t.Bases[e.Path]}
	if content != nil {
		data, err := io.ReadAll(io.LimitReader(content, candidate.MaxBytes+1))
		if err != nil {
			return err
		}
		edit.Content = data
	}
	switch e.Kind {
	case backup.Symlink:
		edit.Target = e.Target
	case backup.File, backup.Folder:
		edit.Mode = fmt.Sprintf("%04o", e.Mode)
		edit.Dress = &candidate.Dress{UID: e.UID, GID: e.GID, MTime: e.MTime, Xattrs: maps.Clone(e.Xattrs)}
	}
	return t.take(edit)
}

func (t *Taker) take(edit candidate.Edit) error {
	if t.Needs != nil {
		if needed, err := t.Needs(edit); err != nil || !needed {
			return err
		}
	}
	if t.size += int64(len(edit.Content)); t.size > candidate.MaxBytes {
		t.size -= int64(len(edit.Content))
		return errTooLarge
	}
	t.Edits = append(t.Edits, edit)
	return nil
}

// Check reports why undoing a kept change would do harm or nothing: a path was edited after it, so that the edit would be
// lost, or all are as they were before it. Sum tells what stands at a path now, in the words of record.Path.
func Check(r record.Record, sum func(path string) (string, error)) error {
	same := true
	for _, p := range r.Paths {
		is, err := sum(p.Path)
		if err != nil {
			return err
		}
		if p.After != "" && is != p.After && is != p.Before {
			return fmt.Errorf("%s was edited after it, and rolling back would lose that edit: undo the change by hand", p.Path)
		}
		same = same && is == p.Before
	}
	if same {
		return errors.New("the files are as they were before it")
	}
	return nil
}
