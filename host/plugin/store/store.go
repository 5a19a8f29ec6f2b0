// Package store keeps private, verified copies of plugin programs and the
// state that plugins save.
//
// It owns a folder that only the daemon's user may enter. A program is hashed
// while it is copied and the copy is what runs, so that a file which is swapped
// after the check is never started. It starts nothing. A Store may be used from
// several goroutines.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile replaces a file durably: after a crash it holds either all of the
// old bytes or all of the new ones.
type WriteFile func(path string, data []byte, mode fs.FileMode) error

// Store is the folder with programs and states.
type Store struct {
	dir   string
	write WriteFile
}

// Open makes the folders below dir where they are missing.
func Open(dir string, write WriteFile) (*Store, error) {
	for _, sub := range []string{dir, filepath.Join(dir, "programs"), filepath.Join(dir, "state")} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, fmt.Errorf("open the plugin store: %w", err)
		}
		if err := os.Chmod(sub, 0o700); err != nil {
			return nil, fmt.Errorf("keep the plugin store private: %w", err)
		}
	}
	return &Store{dir: dir, write: write}, nil
}

// MismatchError says that a program is not the one that was pinned.
type MismatchError struct {
	Path      string
	Want, Got string
}

// Error names both checksums and what to do.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("plugin %s: sha256 want %s, got %s: if the new program is meant, pin it with `homeostat plugin pin`",
		e.Path, e.Want, e.Got)
}

// Hash returns the SHA-256 of a program in hexadecimal.
func Hash(path string) (string, error) {
	f, err := OpenProgram(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("hash plugin %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Program is a verified copy, open for reading.
type Program struct {
	File   *os.File
	SHA256 string
}

// Take copies the program at path into the store and opens the copy. With a
// want that is not empty the copy must have that SHA-256 (hexadecimal); a
// *MismatchError says otherwise. The caller closes the file.
func (s *Store) Take(path, want string) (Program, error) {
	source, err := OpenProgram(path)
	if err != nil {
		return Program{}, err
	}
	defer source.Close()
	temp, err := os.CreateTemp(filepath.Join(s.dir, "programs"), "copy-")
	if err != nil {
		return Program{}, fmt.Errorf("copy plugin %s into the store: %w", path, err)
	}
	defer os.Remove(temp.Name())
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(temp, sum), source)
	err = errors.Join(err, temp.Chmod(0o555), temp.Close())
	if err != nil {
		return Program{}, fmt.Errorf("copy plugin %s into the store: %w", path, err)
	}
	got := hex.EncodeToString(sum.Sum(nil))
	if want != "" && !strings.EqualFold(want, got) {
		return Program{}, &MismatchError{Path: path, Want: strings.ToLower(want), Got: got}
	}
	return s.keep(temp.Name(), got)
}

// keep names the copy after its content. The same content that is there
// already is written over by rename: what runs is always what was just hashed.
func (s *Store) keep(temp, sum string) (Program, error) {
	final := filepath.Join(s.dir, "programs", sum)
	if err := os.Rename(temp, final); err != nil {
		return Program{}, fmt.Errorf("keep plugin program %s: %w", sum, err)
	}
	f, err := os.Open(final)
	if err != nil {
		return Program{}, fmt.Errorf("open plugin program %s: %w", sum, err)
	}
	return Program{File: f, SHA256: sum}, nil
}

// Prune removes the programs that are not in use, and what a crash left of
// copies. It returns how many files it removed.
func (s *Store) Prune(inUse map[string]bool) (int, error) {
	dir := filepath.Join(s.dir, "programs")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("prune the plugin store: %w", err)
	}
	removed := 0
	var errs []error
	for _, e := range entries {
		if inUse[e.Name()] {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			errs = append(errs, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(errs...)
}

// OpenProgram opens a regular executable file for reading. It does not block on a
// pipe. The caller closes it.
func OpenProgram(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open plugin %s: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open plugin %s: it is no regular file", path)
	}
	if info.Mode().Perm()&0o111 == 0 {
		return nil, fmt.Errorf("open plugin %s: it is not executable: try chmod +x", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open plugin %s: %w", path, err)
	}
	return f, nil
}
