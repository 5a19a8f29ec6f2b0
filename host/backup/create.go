package backup

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/backup/tree"
)

// Request says what to back up.
type Request struct {
	// ID is the id of the new backup; see the function ID.
	ID string
	// Root is the name of the root and RootPath the folder that it is.
	Root, RootPath string
	// Paths limits the backup to these paths below the root and what is below them; a path where there is nothing is
	// recorded as absent. nil means the whole root.
	Paths []string
	// Now is the time of the backup, Expires the time from which Prune may remove it.
	Now, Expires time.Time
	// Progress, if it is not nil, is called after each file that was read, from one goroutine at a time. It must not
	// block.
	Progress func(Progress)
}

// Progress is how far a backup is. Files that have not changed since the last backup are not read, nor counted.
type Progress struct {
	Files, TotalFiles int
	Bytes, TotalBytes int64
}

// Create makes a backup and returns its description. When it returns nil the backup is durable; after an error, or when
// ctx ends, the store is as it was before. A file that changes while it is read is read again, and is an error if it does
// not come to rest.
func (s *Store) Create(ctx context.Context, req Request) (Info, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	m, err := s.create(ctx, req)
	if err != nil {
		return Info{}, fmt.Errorf("back up %s as %s: %w", req.RootPath, req.ID, err)
	}
	return m.Info, nil
}

func (s *Store) create(ctx context.Context, req Request) (*Manifest, error) {
	if !validID.MatchString(req.ID) {
		return nil, fmt.Errorf("the id has characters other than letters, digits and _ . -, or is too long")
	}
	if exists(s.manifestPath(req.ID)) {
		return nil, fmt.Errorf("the id is taken: %w", os.ErrExist)
	}
	root, err := os.OpenFile(req.RootPath, unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	m := &Manifest{Info: Info{
		ID: req.ID, Root: req.Root, RootPath: req.RootPath, Whole: req.Paths == nil,
		CreatedAt: req.Now.UTC(), ExpiresAt: req.Expires.UTC(), ReadAt: time.Now().UTC(),
	}}
	if m.Entries, m.Info.Skipped, err = tree.List(ctx, root, req.Paths); err != nil {
		return nil, err
	}
	run := &reading{store: s, root: root, entries: m.Entries, progress: req.Progress}
	run.todo = s.reuse(m)
	if err := run.contents(ctx, req.ID); err != nil {
		return nil, err
	}
	m.Info.Stored = run.stored
	summarize(m)
	return m, s.commit(m)
}

func summarize(m *Manifest) {
	for i := range m.Entries {
		if m.Entries[i].Kind == File {
			m.Info.Files++
			m.Info.Bytes += m.Entries[i].Size
		}
	}
}

// commit makes the manifest durable and known.
func (s *Store) commit(m *Manifest) error {
	data, err := m.Encode()
	if err != nil {
		return err
	}
	if err := s.ops.WriteFile(s.manifestPath(m.Info.ID), data, 0o600); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.infos[m.Info.ID] = m.Info
	if m.Info.Whole {
		s.latest[m.Info.Root] = m
	}
	return nil
}

// reuse copies contents and attributes from the newest backup of the whole root to the entries that have not changed
// since, and returns the indexes of those that must be read.
func (s *Store) reuse(m *Manifest) []int {
	old := map[string]*Entry{}
	before := s.newest(m.Info.Root, m.Info.RootPath)
	if before != nil {
		for i := range before.Entries {
			old[before.Entries[i].Path] = &before.Entries[i]
		}
	}
	var todo []int
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Kind != File && e.Kind != Folder || e.HardLink != "" {
			continue
		}
		was := old[e.Path]
		if was == nil || !tree.Unchanged(was, e, before.Info.ReadAt) || !s.hasAll(was) {
			todo = append(todo, i)
			continue
		}
		e.Xattrs, e.Sum, e.Pieces = was.Xattrs, was.Sum, was.Pieces
	}
	return todo
}

// hasAll says whether the store has the content of e.
func (s *Store) hasAll(e *Entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range e.Parts() {
		if s.where[h] == nil {
			return false
		}
	}
	return true
}

// newest is the newest manifest of the whole root, or nil. It is kept in memory once it has been needed.
func (s *Store) newest(root, rootPath string) *Manifest {
	s.mu.Lock()
	m := s.latest[root]
	s.mu.Unlock()
	if m == nil {
		for _, info := range s.List() {
			if info.Root != root || !info.Whole {
				continue
			}
			// A damaged one only costs the time to read everything.
			m, _ = s.Manifest(info.ID)
			break
		}
	}
	if m == nil || m.Info.RootPath != rootPath {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest[root] = m
	return m
}
