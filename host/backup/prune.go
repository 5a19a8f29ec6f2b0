package backup

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/backup/pack"
)

// Policy says what Prune keeps besides pinned and last-known-good backups.
type Policy struct {
	// KeepMax is the most backups that are kept, at least 1. Kept ones count, whatever keeps them.
	KeepMax int
}

// pins is the content of pins.json.
type pins struct {
	// Holders names who needs a backup, by its id.
	Holders map[string][]string `json:"holders"`
	// Good is the id of the last-known-good backup of each root.
	Good map[string]string `json:"good"`
}

func (s *Store) pinsPath() string { return filepath.Join(s.dir, "pins.json") }

func (s *Store) loadPins() error {
	s.pins = pins{Holders: map[string][]string{}, Good: map[string]string{}}
	data, err := os.ReadFile(s.pinsPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// Without knowing the pins nothing may be pruned, so this one stops the opening.
	if err := json.Unmarshal(data, &s.pins); err != nil {
		return fmt.Errorf("read %s: %w; restore it from a copy, or remove it to give up all pins", s.pinsPath(), err)
	}
	return nil
}

// Pin keeps the backup id until the same holder, such as the id of an open change, unpins it.
func (s *Store) Pin(id, holder string) error {
	return s.changePins(id, func(p *pins) {
		if !slices.Contains(p.Holders[id], holder) {
			p.Holders[id] = append(p.Holders[id], holder)
		}
	})
}

// Unpin ends the holder's hold on the backup id.
func (s *Store) Unpin(id, holder string) error {
	return s.changePins(id, func(p *pins) {
		p.Holders[id] = slices.DeleteFunc(p.Holders[id], func(h string) bool { return h == holder })
		if len(p.Holders[id]) == 0 {
			delete(p.Holders, id)
		}
	})
}

// MarkGood makes the backup id the last-known-good one of its root, which is never pruned. Call it after the state that
// it holds was seen healthy and the backup was verified.
func (s *Store) MarkGood(id string) error {
	return s.changePins(id, func(p *pins) { p.Good[s.infos[id].Root] = id })
}

func (s *Store) changePins(id string, change func(*pins)) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, err := s.Info(id); err != nil {
		return err
	}
	s.mu.Lock()
	change(&s.pins)
	data, err := json.MarshalIndent(s.pins, "", "\t")
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.ops.WriteFile(s.pinsPath(), data, 0o600)
}

// Prune removes the backups that have expired at now, or that are beyond the newest KeepMax, except those that are pinned
// or last-known-good, and then the contents that nothing names any more. It returns the ids of the removed backups.
func (s *Store) Prune(now time.Time, policy Policy) ([]string, error) {
	if policy.KeepMax < 1 {
		return nil, fmt.Errorf("prune: keep_max is %d, want at least 1", policy.KeepMax)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	var removed []string
	for i, info := range s.List() {
		held := len(info.Pins) > 0 || info.LastKnownGood
		if held || i < policy.KeepMax && now.Before(info.ExpiresAt) {
			continue
		}
		if err := s.drop(info); err != nil {
			return removed, fmt.Errorf("prune: %w", err)
		}
		removed = append(removed, info.ID)
	}
	if err := s.collect(); err != nil {
		return removed, fmt.Errorf("prune: free the room of what nothing names: %w", err)
	}
	return removed, nil
}

// drop removes a manifest.
func (s *Store) drop(info Info) error {
	if err := s.ops.Remove(s.manifestPath(info.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.infos, info.ID)
	if m := s.latest[info.Root]; m != nil && m.Info.ID == info.ID {
		delete(s.latest, info.Root)
	}
	return nil
}

// collect removes packs without living pieces and writes those anew that are mostly dead. A manifest that cannot be read
// stops it: what it names is not known.
func (s *Store) collect() error {
	live := map[pack.Hash]bool{}
	for _, info := range s.List() {
		m, err := s.Manifest(info.ID)
		if err != nil {
			return err
		}
		for i := range m.Entries {
			for _, h := range m.Entries[i].Parts() {
				live[h] = true
			}
		}
	}
	if len(s.damaged) > 0 {
		return nil
	}
	for _, p := range s.snapshotPacks() {
		if err := s.compact(p, live); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) snapshotPacks() []*openPack {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*openPack
	for _, p := range s.packs {
		list = append(list, p)
	}
	return list
}

// compact keeps a pack of which at least half lives, and otherwise copies the living half to a new pack before it removes
// the old one.
func (s *Store) compact(p *openPack, live map[pack.Hash]bool) error {
	var keep []pack.Hash
	total := 0
	for h := range p.Hashes {
		total++
		if live[h] && s.holder(h) == p {
			keep = append(keep, h)
		}
	}
	if len(keep) > 0 && 2*len(keep) >= total {
		return nil
	}
	if len(keep) > 0 {
		if err := s.copyPieces(p, keep); err != nil {
			return err
		}
	}
	if err := s.ops.Remove(filepath.Join(s.packDir(), p.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.forget(p)
}

// copyPieces writes the pieces to a new pack, which takes p's place as their holder.
func (s *Store) copyPieces(p *openPack, keep []pack.Hash) error {
	name := fmt.Sprintf("compacted.%d.pack", time.Now().UnixNano())
	err := s.ops.Write(filepath.Join(s.packDir(), name), 0o600, func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 1<<20)
		to, err := pack.NewWriter(out)
		if err != nil {
			return err
		}
		for _, h := range keep {
			piece, err := p.Piece(h)
			if err != nil {
				return err
			}
			if err := to.Add(piece); err != nil {
				return err
			}
		}
		return errors.Join(to.Finish(), out.Flush())
	})
	if err != nil {
		return err
	}
	return s.loadPack(name)
}

// forget closes a pack that is no longer in the folder.
func (s *Store) forget(p *openPack) error {
	s.reads.Lock()
	defer s.reads.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.packs, p.name)
	for h := range p.Hashes {
		if s.where[h] == p {
			delete(s.where, h)
		}
	}
	return p.file.Close()
}
