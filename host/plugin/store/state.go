package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/homeostat/homeostat/sdk"
)

// stateMark begins every state file; the SHA-256 of the rest follows.
var stateMark = []byte("homeostat-state-1\n")

// ErrDamaged means that a state file is not what was written.
var ErrDamaged = errors.New("the file is damaged")

// SaveState keeps the state of the plugin name, at most sdk.MaxState bytes. A
// state that is there already is not written again.
func (s *Store) SaveState(name string, state []byte) error {
	if len(state) > sdk.MaxState {
		return fmt.Errorf("keep the state of plugin %s: %d bytes, at most %d are kept", name, len(state), sdk.MaxState)
	}
	if old, err := s.LoadState(name); err == nil && old != nil && bytes.Equal(old, state) {
		return nil
	}
	sum := sha256.Sum256(state)
	data := bytes.Join([][]byte{stateMark, sum[:], state}, nil)
	if err := s.write(s.statePath(name), data, 0o600); err != nil {
		return fmt.Errorf("keep the state of plugin %s: %w", name, err)
	}
	return nil
}

// LoadState returns the saved state, nil where there is none. ErrDamaged means
// that the file must be set aside.
func (s *Store) LoadState(name string) ([]byte, error) {
	data, err := os.ReadFile(s.statePath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the state of plugin %s: %w", name, err)
	}
	head := len(stateMark) + sha256.Size
	if len(data) < head || !bytes.HasPrefix(data, stateMark) {
		return nil, fmt.Errorf("read the state of plugin %s: %w", name, ErrDamaged)
	}
	if sum := sha256.Sum256(data[head:]); !bytes.Equal(sum[:], data[len(stateMark):head]) {
		return nil, fmt.Errorf("read the state of plugin %s: %w", name, ErrDamaged)
	}
	return data[head:], nil
}

// Damaged reports whether an error of LoadState means a damaged file.
func (s *Store) Damaged(err error) bool { return errors.Is(err, ErrDamaged) }

// SetAside renames a state that cannot be used and returns its new path; the
// next one set aside replaces it.
func (s *Store) SetAside(name string) (string, error) {
	aside := s.statePath(name) + ".refused"
	if err := os.Rename(s.statePath(name), aside); err != nil {
		return "", fmt.Errorf("set the state of plugin %s aside: %w", name, err)
	}
	return aside, nil
}

func (s *Store) statePath(name string) string {
	return filepath.Join(s.dir, "state", name+".state")
}
