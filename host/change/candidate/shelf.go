package candidate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/change/txn"
)

// Shelf is a folder that keeps candidates until their changes have ended. Its methods may be called from several
// goroutines, for different changes.
type Shelf string

func (s Shelf) path(id string) string { return filepath.Join(string(s), id+".json") }

// Keep writes the candidate of a change durably.
func (s Shelf) Keep(id string, c Candidate) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteFile(s.path(id), data, 0o600); err != nil {
		return fmt.Errorf("keep the candidate of %s: %w", id, err)
	}
	return nil
}

// Of reads back the candidate of a change.
func (s Shelf) Of(id string) (Candidate, error) {
	data, err := os.ReadFile(s.path(id))
	if err != nil {
		return Candidate{}, fmt.Errorf("read the candidate of %s: %w", id, err)
	}
	return Parse(data)
}

// Drop removes the candidate of a change; that there is none is no error.
func (s Shelf) Drop(id string) error {
	if err := os.Remove(s.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Does says what the operations do, by their kinds: "write 2, delete 1".
func (r Resolved) Does() string {
	kinds := map[txn.Kind]int{}
	for _, op := range r.Ops {
		kinds[op.Kind]++
	}
	var parts []string
	for _, k := range []txn.Kind{txn.Write, txn.Delete, txn.Link, txn.Mode, txn.Folder} {
		if kinds[k] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", k, kinds[k]))
		}
	}
	return strings.Join(parts, ", ")
}
