// Package theorem is the store of theorems: what was proved, by which heuristic
// and in what time, in a file that survives a crash. It proves nothing.
//
// A Store is safe for use by several goroutines.
package theorem

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/homeostat/homeostat/examples/shop/lines"
)

// Theorem is one proof.
type Theorem struct {
	// Hash is the SHA-256 of the problem's file, in hexadecimal.
	Hash string `json:"hash"`
	Name string `json:"name"`
	// Status is the prover's (SZS), such as Theorem.
	Status string `json:"status"`
	// Heuristic found the proof in Seconds of CPU time.
	Heuristic string    `json:"heuristic"`
	Seconds   float64   `json:"seconds"`
	At        time.Time `json:"at"`
}

// Bounds of a theorem and of the store.
const (
	hashBytes   = 32
	maxText     = 200
	maxTheorems = 100_000
)

// ErrBad is matched by what Put refuses because of the theorem itself.
var ErrBad = errors.New("this is no theorem")

// ErrFull is matched by what Put refuses because the store is full.
var ErrFull = errors.New("the store is full")

// Check refuses what no engine would send.
func (t Theorem) Check() error {
	hash, err := hex.DecodeString(t.Hash)
	switch {
	case err != nil || len(hash) != hashBytes:
		return fmt.Errorf("%w: hash: want a SHA-256 in hexadecimal, got %.80q", ErrBad, t.Hash)
	case t.Name == "" || len(t.Name) > maxText:
		return fmt.Errorf("%w: name: want 1 to %d bytes, got %d", ErrBad, maxText, len(t.Name))
	case t.Status == "" || len(t.Status) > maxText || len(t.Heuristic) > maxText:
		return fmt.Errorf("%w: status and heuristic: want at most %d bytes", ErrBad, maxText)
	case !(t.Seconds >= 0): // refuses NaN too
		return fmt.Errorf("%w: seconds: want 0 or more, got %v", ErrBad, t.Seconds)
	}
	return nil
}

// faster is how much shorter a proof must be to replace the one that is kept: less
// is noise, and would let the file grow for ever.
const faster = 0.5

// replaces says whether a proof is worth keeping in place of another.
func (t Theorem) replaces(old Theorem) bool { return t.Seconds < faster*old.Seconds }

// Store is the theorems and their file. Open is the only way to one.
type Store struct {
	mu     sync.Mutex // guards what follows
	proofs map[string]Theorem
	file   *lines.File
}

// Open reads the theorems at path, which may be missing. A last line that a crash
// cut short is dropped.
func Open(path string) (*Store, error) {
	s := &Store{proofs: map[string]Theorem{}}
	var err error
	if s.file, err = lines.Open(path, s.again); err != nil {
		return nil, fmt.Errorf("open the theorems: %w", err)
	}
	return s, nil
}

// again takes in a theorem of an earlier run.
func (s *Store) again(line []byte) error {
	var t Theorem
	if err := json.Unmarshal(line, &t); err != nil {
		return err
	}
	if err := t.Check(); err != nil {
		return err
	}
	s.proofs[t.Hash] = t
	return nil
}

// Put keeps a theorem, and returns whether it is news: one that was not known, or
// a proof much shorter than the one that was. News are durable when it returns.
func (s *Store) Put(t Theorem) (news bool, err error) {
	if err := t.Check(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.proofs[t.Hash]
	switch {
	case known && !t.replaces(old):
		return false, nil
	case !known && len(s.proofs) >= maxTheorems:
		return false, fmt.Errorf("keep %s: %w: it has %d", t.Name, ErrFull, maxTheorems)
	}
	b, err := json.Marshal(t)
	if err != nil {
		return false, fmt.Errorf("keep %s: %w", t.Name, err)
	}
	if err := s.file.Append(b); err != nil {
		return false, fmt.Errorf("keep %s: %w", t.Name, err)
	}
	s.proofs[t.Hash] = t
	return true, nil
}

// Find returns the theorem of a problem.
func (s *Store) Find(hash string) (Theorem, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, known := s.proofs[hash]
	return t, known
}

// Count is how many theorems are kept.
func (s *Store) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.proofs)
}

// Close closes the file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file.Close()
}
