// Package step owns the single steps of a transaction: each renames one object between its path and its slot, and has its
// undo beside it.
//
// It does not own the order of steps, nor the journal that makes them survive. A Place must be used by one goroutine at a
// time.
package step

import (
	"errors"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/atomicfile/beneath"
	"github.com/homeostat/homeostat/host/change/txn/object"
)

// ErrOutsideEdit matches errors about a path that somebody else edited meanwhile.
var ErrOutsideEdit = errors.New("a file was edited by somebody else meanwhile")

// Act is how a step changes a path.
type Act string

// The acts.
const (
	Replace Act = "replace" // exchange with the staged object
	Create  Act = "create"  // rename the staged object to a free name
	Delete  Act = "delete"  // rename to the slot
	Dress   Act = "dress"   // set owner and mode of a folder in place
)

// Step is one step. Path is relative to the root, Slot is a name in the folder of slots.
type Step struct {
	Act    Act          `json:"act"`
	Path   string       `json:"path"`
	Slot   string       `json:"slot"`
	Before object.State `json:"before"`
	After  object.State `json:"after"`
}

// Slots are the names that a step may use in the folder of slots.
func (s *Step) Slots() []string { return []string{s.Slot, s.Slot + asideSuffix} }

// Place is where steps happen: a root, and the folder of slots on its file system.
type Place struct {
	Ops   atomicfile.Ops
	Root  *os.File
	Slots *os.File
	// Weaker says that the file system lacks the flags of renameat2.
	Weaker bool
}

// Parent opens the folder that holds rel. The caller closes it.
func (p *Place) Parent(rel string) (*os.File, error) {
	var dir *os.File
	err := p.Ops.Do("openat2", filepath.Join(p.Root.Name(), path.Dir(rel)), func() (err error) {
		dir, err = beneath.Dir(p.Root, path.Dir(rel))
		return err
	})
	return dir, err
}

// Unreachable explains an error of Parent that is the fault of a path, not of the machine: what is wanted there, and a
// hint. Both are empty for other errors.
func Unreachable(err error) (wanted, hint string) {
	switch {
	case errors.Is(err, unix.ENOENT):
		return "a folder that exists", "correct the path"
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENOTDIR):
		return "real folders all the way, no symbolic links or files", "name the file by its real path, in the root that holds it"
	case errors.Is(err, unix.EXDEV):
		return "the file system of the root", "another file system is mounted there: declare it as a root of its own"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "a file that the daemon may change", "run the daemon with the rights that the file needs"
	}
	return "", ""
}
