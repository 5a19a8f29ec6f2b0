package backup

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/homeostat/homeostat/host/atomicfile/beneath"
	"github.com/homeostat/homeostat/host/backup/pack"
)

// Target takes what is restored. The change pipeline is one: it stages the entries and applies them as one change.
type Target interface {
	// Restore takes one entry. content is not nil for a file that is no further name of another; it is valid only during
	// the call, and every byte that it gives has been checked. An error concerns this entry only.
	Restore(ctx context.Context, e Entry, content io.Reader) error
}

// Failure is an entry that could not be restored, and why.
type Failure struct {
	Path string `json:"path"`
	Err  error  `json:"-"`
	// Problem is the text of Err.
	Problem string `json:"problem"`
}

// Restore gives the entries of the backup id to the target, parents first. paths limits it to these and what is below
// them; nil means all. After an entry that fails it goes on with the next and names the failed ones in the end, so that
// one damaged file does not keep the others from coming back. The error is for what concerns all: no such backup, a
// manifest that cannot be read, a path that is not in it, the end of ctx.
func (s *Store) Restore(ctx context.Context, id string, paths []string, to Target) ([]Failure, error) {
	entries, err := s.Select(id, paths)
	if err != nil {
		return nil, err
	}
	var failed []Failure
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return failed, fmt.Errorf("restore %s: stopped at %s: %w", id, e.Path, err)
		}
		if err := s.restore(ctx, e, to); err != nil {
			failed = append(failed, Failure{Path: e.Path, Err: err, Problem: err.Error()})
		}
	}
	return failed, nil
}

func (s *Store) restore(ctx context.Context, e Entry, to Target) error {
	if e.Kind != File || e.HardLink != "" {
		return to.Restore(ctx, e, nil)
	}
	return to.Restore(ctx, e, s.Content(e))
}

// Select returns the entries of the backup id that are, or are below, one of paths; all for nil.
func (s *Store) Select(id string, paths []string) ([]Entry, error) {
	m, err := s.Manifest(id)
	if err != nil {
		return nil, err
	}
	if paths == nil {
		return m.Entries, nil
	}
	var picked []Entry
	found := map[string]bool{}
	for _, e := range m.Entries {
		for _, p := range paths {
			if within(e.Path, p) {
				picked, found[p] = append(picked, e), true
				break
			}
		}
	}
	for _, p := range paths {
		if err := beneath.Check(p); err != nil {
			return nil, fmt.Errorf("backup %s: %w", id, err)
		}
		if !found[p] {
			return nil, fmt.Errorf("backup %s: it has no %s: %w", id, p, ErrNotFound)
		}
	}
	return picked, nil
}

// within says that p is top or below it.
func within(p, top string) bool {
	return top == "." || p == top || strings.HasPrefix(p, path.Clean(top)+"/")
}

// Content reads the content of a file entry. Each piece is checked against its hash, which the manifest names, before any
// byte of it is given out: a reader that ends in io.EOF gave exactly what was backed up.
func (s *Store) Content(e Entry) io.Reader {
	return &content{store: s, entry: e, left: e.Parts()}
}

type content struct {
	store *Store
	entry Entry
	left  []pack.Hash
	piece []byte
	size  int64
	err   error
}

func (c *content) Read(p []byte) (int, error) {
	for len(c.piece) == 0 && c.err == nil {
		c.err = c.next()
	}
	if c.err != nil {
		return 0, c.err
	}
	n := copy(p, c.piece)
	c.piece = c.piece[n:]
	return n, nil
}

// next loads the next piece, or ends with io.EOF when the size is right.
func (c *content) next() error {
	if len(c.left) == 0 {
		if c.size != c.entry.Size {
			return fmt.Errorf("%w: %s: its pieces have %d bytes, want %d", pack.ErrDamaged, c.entry.Path, c.size, c.entry.Size)
		}
		return io.EOF
	}
	var err error
	if c.piece, err = c.store.piece(c.left[0]); err != nil {
		return fmt.Errorf("%s: %w", c.entry.Path, err)
	}
	c.left, c.size = c.left[1:], c.size+int64(len(c.piece))
	return nil
}

// check reads a file of the backup to the end and compares the sum of the whole.
func (s *Store) check(e Entry) error {
	if e.Sum == nil {
		return fmt.Errorf("%w: %s: the manifest has no sum of it", pack.ErrDamaged, e.Path)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, s.Content(e)); err != nil {
		return err
	}
	if got := pack.Hash(sum.Sum(nil)); got != *e.Sum {
		return fmt.Errorf("%w: %s: its sum is %s, want %s", pack.ErrDamaged, e.Path, got, *e.Sum)
	}
	return nil
}
