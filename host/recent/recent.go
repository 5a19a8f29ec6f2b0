// Package recent finds what changed on this host lately past the change
// pipeline: files that somebody edited, and packages that were installed,
// upgraded or removed.
//
// It looks when it is asked and keeps nothing: no watches, no goroutines, no
// state. It judges no change. All functions may be used from several
// goroutines.
package recent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Edit is a file or folder whose bytes, name or rights changed.
type Edit struct {
	Path string
	// At is the time of the last change of the file's inode, which an editor
	// that keeps the old modification time cannot set back.
	At time.Time
}

// MaxEdits is how many edits are returned at most, the newest.
const MaxEdits = 50

// Bounds of one look, so that a root with a million files costs milliseconds.
const (
	maxEntries = 20_000
	maxDepth   = 8
)

// Look says what to look through.
type Look struct {
	// Paths are files and folders; those that are not there are skipped.
	Paths []string
	// Except are files that change all the time, such as logs.
	Except []string
	Since  time.Time
}

// Files returns what was changed since, newest first, and whether all was
// looked at. Folders are walked without following links; a folder's own time
// does not count, for it changes with every temporary file.
func Files(ctx context.Context, l Look) (edits []Edit, whole bool) {
	w := walk{ctx: ctx, look: l, room: maxEntries, seen: map[string]bool{}}
	for _, path := range l.Paths {
		w.base = filepath.Clean(path)
		// The walk's own errors are no reason to say less of the rest.
		_ = filepath.WalkDir(w.base, w.visit)
	}
	slices.SortStableFunc(w.edits, func(a, b Edit) int { return b.At.Compare(a.At) })
	return w.edits[:min(len(w.edits), MaxEdits)], w.room > 0 && ctx.Err() == nil
}

type walk struct {
	ctx   context.Context
	look  Look
	base  string
	room  int
	seen  map[string]bool
	edits []Edit
}

var errEnough = errors.New("enough was looked at")

func (w *walk) visit(path string, entry fs.DirEntry, err error) error {
	switch {
	case w.room <= 0 || w.ctx.Err() != nil:
		return errEnough
	case err != nil:
		return nil // gone meanwhile, or not ours to read
	case entry.IsDir() && depth(w.base, path) > maxDepth:
		return filepath.SkipDir
	}
	w.room--
	if entry.IsDir() || w.seen[path] || slices.Contains(w.look.Except, path) {
		return nil
	}
	w.seen[path] = true
	if at, ok := changedAt(path); ok && at.After(w.look.Since) {
		w.edits = append(w.edits, Edit{Path: path, At: at})
	}
	return nil
}

func depth(base, path string) int {
	rel, err := filepath.Rel(base, path)
	if err != nil {
		return 0
	}
	n := 0
	for _, c := range rel {
		if c == filepath.Separator {
			n++
		}
	}
	return n
}

func changedAt(path string) (time.Time, bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return time.Time{}, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return info.ModTime(), true
	}
	return time.Unix(stat.Ctim.Unix()), true
}
