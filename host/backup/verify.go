package backup

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/homeostat/homeostat/host/backup/manifest"
	"github.com/homeostat/homeostat/host/backup/pack"
)

// Damage is something that is not as it was written.
type Damage struct {
	// Backup is the id of the backup that suffers, empty for a pack as such.
	Backup string `json:"backup_id,omitempty"`
	// Path is the file of the backup that cannot be restored, empty if it is the manifest itself.
	Path string `json:"path,omitempty"`
	// Pack is the file name of a damaged pack.
	Pack    string `json:"pack,omitempty"`
	Problem string `json:"problem"`
}

// String tells the damage in one line.
func (d Damage) String() string {
	switch {
	case d.Pack != "":
		return fmt.Sprintf("pack %s: %s", d.Pack, d.Problem)
	case d.Path != "":
		return fmt.Sprintf("backup %s: %s: %s", d.Backup, d.Path, d.Problem)
	}
	return fmt.Sprintf("backup %s: %s", d.Backup, d.Problem)
}

// Verify reads the files of one backup as a restore would, and names those that cannot be had.
func (s *Store) Verify(ctx context.Context, id string) ([]Damage, error) {
	return s.verify(ctx, id, Part{1, 1})
}

// Part is the share of a store that one VerifyAll reads: the packs and files of share Number, from 1, of Of.
type Part struct{ Number, Of int }

// has says whether the part has the thing of this name. Every name is in exactly one of the Of parts.
func (p Part) has(name string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return int(h.Sum32()%uint32(p.Of)) == p.Number-1
}

// VerifyAll reads a part of the store, all of it with Part{1, 1}: every byte of its packs, the manifests of all backups
// and whether their pieces are there, and names what is damaged and which files suffer.
func (s *Store) VerifyAll(ctx context.Context, part Part) ([]Damage, error) {
	if part.Of < 1 || part.Number < 1 || part.Number > part.Of {
		return nil, fmt.Errorf("verify part %d of %d: the parts are numbered from 1", part.Number, part.Of)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	damage := append([]Damage(nil), s.damaged...)
	packs := make([]*openPack, 0, len(s.packs))
	for _, p := range s.packs {
		packs = append(packs, p)
	}
	s.mu.Unlock()
	for _, p := range packs {
		if !part.has(p.name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return damage, err
		}
		if _, err := p.verify(); err != nil {
			damage = append(damage, Damage{Pack: p.name, Problem: err.Error()})
		}
	}
	for _, info := range s.List() {
		found, err := s.verify(ctx, info.ID, part)
		if err != nil {
			return damage, err
		}
		damage = append(damage, found...)
	}
	return damage, nil
}

// verify reads a pack anew, its index included: the one in memory may be older than the damage.
func (p *openPack) verify() ([]pack.Hash, error) {
	info, err := p.file.Stat()
	if err != nil {
		return nil, err
	}
	r, err := pack.NewReader(p.file, info.Size())
	if err != nil {
		return nil, err
	}
	return r.Verify()
}

// verify checks the manifest of a backup and those of its files that the part has.
func (s *Store) verify(ctx context.Context, id string, part Part) ([]Damage, error) {
	if _, err := s.Info(id); err != nil {
		return nil, err
	}
	m, err := manifest.Read(s.manifestPath(id))
	if err != nil {
		return []Damage{{Backup: id, Problem: err.Error()}}, nil
	}
	var damage []Damage
	for _, e := range m.Entries {
		if err := ctx.Err(); err != nil {
			return damage, fmt.Errorf("verify %s: %w", id, err)
		}
		if e.Kind != File || e.HardLink != "" || !part.has(e.Path) {
			continue
		}
		if err := s.check(e); err != nil {
			damage = append(damage, Damage{Backup: id, Path: e.Path, Problem: err.Error()})
		}
	}
	return damage, nil
}
