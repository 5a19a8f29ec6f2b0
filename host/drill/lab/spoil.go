package lab

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// slots is the folder beside the root in which changes keep old and new files.
const slots = ".homeostat-" + Root

// Journals are the changes that could still be undone by their journal.
func (l *Lab) Journals() []string {
	found, err := filepath.Glob(l.State("journals/*.journal"))
	if err != nil {
		return []string{err.Error()} // counts as left
	}
	return found
}

// BlockSlots puts a file where the folder of the slots has to be. The answer takes it away.
func (l *Lab) BlockSlots() (func() error, error) {
	path := l.Beside(slots)
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	return func() error { return os.Remove(path) }, os.WriteFile(path, []byte("in the way\n"), 0o600)
}

// SpoilJournal flips a byte in the journal of the change that is under way.
func (l *Lab) SpoilJournal() error {
	found := l.Journals()
	if len(found) != 1 {
		return fmt.Errorf("spoil the journal: there are %d", len(found))
	}
	return flip(found[0], 0)
}

// SpoilBackup flips a byte of a stored content, which must begin as given.
func (l *Lab) SpoilBackup(beginning string) error {
	packs, err := filepath.Glob(l.State("backups/packs/*"))
	if err != nil {
		return err
	}
	for _, path := range packs {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if at := bytes.Index(data, []byte(beginning)); at >= 0 {
			return flip(path, at)
		}
	}
	return errors.New("spoil a backup: no pack has the content")
}

func flip(path string, at int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	data[at] ^= 1
	return os.WriteFile(path, data, 0o600)
}

// Scratch writes a file outside the root and returns its path.
func (l *Lab) Scratch(name, content string) (string, error) {
	path := filepath.Join(l.dir, name)
	return path, os.WriteFile(path, []byte(content), 0o600)
}
