// Package backup owns the stored states of file sets: it copies what is below a root into a content-addressed store,
// lists, verifies, reads and expires the copies, and keeps the last one known to be good.
//
// It never writes to a root. Restoring is a change like any other and goes through the change pipeline; Restore here
// hands the entries and their contents to a Target. It does not decide when a backup is made.
//
// A store is a folder with packs/ (contents, package pack), manifests/ (one per backup) and pins.json. A manifest is
// written after the packs it needs are durable and removed before them, so it never names what is not there. One process
// at a time may have a store open; a Store may be used from several goroutines.
package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/backup/manifest"
	"github.com/homeostat/homeostat/host/backup/pack"
	"github.com/homeostat/homeostat/host/backup/tree"
)

// ErrNotFound matches errors about a backup that the store does not have.
var ErrNotFound = errors.New("no such backup")

// What a backup is made of.
type (
	// Manifest is a backup: its head and its entries, parents before children.
	Manifest = manifest.Manifest
	// Info is the head of a manifest. Its names in JSON are those of the HTTP API.
	Info = manifest.Info
	// Entry is one path as it was.
	Entry = tree.Entry
	// Kind is what an entry is.
	Kind = tree.Kind
)

// The kinds that a backup holds. Absent says that there was nothing at the path: restoring removes what is there then.
const (
	File    = tree.File
	Folder  = tree.Folder
	Symlink = tree.Symlink
	Absent  = tree.Absent
)

// Store is an open store. Make it with Open and end it with Close.
type Store struct {
	dir string
	ops atomicfile.Ops

	writing sync.Mutex   // held while a backup is made or the store is pruned
	reads   sync.RWMutex // read-held while a pack is read, so that it is not closed meanwhile

	mu      sync.Mutex
	infos   map[string]Info
	packs   map[string]*openPack
	where   map[pack.Hash]*openPack
	latest  map[string]*Manifest // by root: the newest manifest of a whole root
	pins    pins
	damaged []Damage
}

// openPack is a pack whose index is in memory.
type openPack struct {
	name string
	size int64
	file *os.File
	*pack.Reader
}

// Open opens the store in the folder dir and creates it if need be. Damaged packs and manifests do not prevent opening;
// Verify names them. What a process that died left behind is removed.
func Open(dir string, ops atomicfile.Ops) (*Store, error) {
	s := &Store{
		dir: dir, ops: ops,
		infos: map[string]Info{}, packs: map[string]*openPack{}, where: map[pack.Hash]*openPack{}, latest: map[string]*Manifest{},
	}
	for _, sub := range []string{s.packDir(), s.manifestDir()} {
		if err := ops.MkdirAll(sub, 0o700); err != nil {
			return nil, fmt.Errorf("open backup store: %w", err)
		}
		if _, err := atomicfile.RemoveLeftovers(sub); err != nil {
			return nil, fmt.Errorf("open backup store %s: %w", dir, err)
		}
	}
	for _, load := range []func() error{s.loadPacks, s.loadManifests, s.loadPins} {
		if err := load(); err != nil {
			return nil, errors.Join(fmt.Errorf("open backup store %s: %w", dir, err), s.Close())
		}
	}
	return s, nil
}

// Close closes the files of the store.
func (s *Store) Close() error {
	s.reads.Lock()
	defer s.reads.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all error
	for name, p := range s.packs {
		all = errors.Join(all, p.file.Close())
		delete(s.packs, name)
	}
	clear(s.where)
	return all
}

func (s *Store) packDir() string     { return filepath.Join(s.dir, "packs") }
func (s *Store) manifestDir() string { return filepath.Join(s.dir, "manifests") }

func (s *Store) manifestPath(id string) string {
	return filepath.Join(s.manifestDir(), id+manifest.Suffix)
}

// validID keeps an id usable as a file name.
var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$`)

// ID is the id of a backup that is made for the change modification at time now.
func ID(modification string, now time.Time) string {
	return fmt.Sprintf("backup_%s_%d", modification, now.Unix())
}

func (s *Store) loadPacks() error {
	entries, err := os.ReadDir(s.packDir())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.loadPack(e.Name()); errors.Is(err, pack.ErrDamaged) {
			s.damaged = append(s.damaged, Damage{Pack: e.Name(), Problem: err.Error()})
		} else if err != nil {
			return err
		}
	}
	return nil
}

// loadPack opens one pack and adds its pieces to the index.
func (s *Store) loadPack(name string) error {
	f, err := os.Open(filepath.Join(s.packDir(), name))
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r, err := pack.NewReader(f, info.Size())
	if err != nil {
		return errors.Join(fmt.Errorf("pack %s: %w", name, err), f.Close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &openPack{name: name, size: info.Size(), file: f, Reader: r}
	s.packs[name] = p
	for h := range r.Hashes {
		s.where[h] = p
	}
	return nil
}

func (s *Store) loadManifests() error {
	entries, err := os.ReadDir(s.manifestDir())
	if err != nil {
		return err
	}
	for _, e := range entries {
		id, isManifest := strings.CutSuffix(e.Name(), manifest.Suffix)
		if !isManifest {
			continue
		}
		info, err := manifest.ReadInfo(s.manifestPath(id))
		if err == nil && info.ID != id {
			err = fmt.Errorf("it says that it is %q", info.ID)
		}
		if err != nil {
			s.damaged = append(s.damaged, Damage{Backup: id, Problem: err.Error()})
			continue
		}
		s.infos[id] = info
	}
	return nil
}

// List returns all backups, the newest first.
func (s *Store) List() []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Info, 0, len(s.infos))
	for _, info := range s.infos {
		list = append(list, s.decorate(info))
	}
	slices.SortFunc(list, newestFirst)
	return list
}

func newestFirst(a, b Info) int {
	if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
		return c
	}
	return strings.Compare(b.ID, a.ID)
}

// Info describes the backup id.
func (s *Store) Info(id string) (Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, ok := s.infos[id]
	if !ok {
		return Info{}, fmt.Errorf("backup %q: %w", id, ErrNotFound)
	}
	return s.decorate(info), nil
}

// decorate adds what is not in the manifest. The caller holds mu.
func (s *Store) decorate(info Info) Info {
	info.Pins = slices.Clone(s.pins.Holders[info.ID])
	info.LastKnownGood = s.pins.Good[info.Root] == info.ID
	return info
}

// Manifest reads the list of entries of the backup id.
func (s *Store) Manifest(id string) (*Manifest, error) {
	if _, err := s.Info(id); err != nil {
		return nil, err
	}
	m, err := manifest.Read(s.manifestPath(id))
	if err != nil {
		return nil, fmt.Errorf("backup %s: %w", id, err)
	}
	return m, nil
}

// piece reads one piece from whichever pack has it.
func (s *Store) piece(h pack.Hash) ([]byte, error) {
	s.reads.RLock()
	defer s.reads.RUnlock()
	p := s.holder(h)
	if p == nil {
		return nil, fmt.Errorf("%w: no pack has piece %s", pack.ErrDamaged, h)
	}
	piece, err := p.Piece(h)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", p.name, err)
	}
	return piece.Decode()
}

// holder is the pack from which a piece is read, or nil.
func (s *Store) holder(h pack.Hash) *openPack {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.where[h]
}

// exists says whether path names something, whatever its kind.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
