// Package own turns a change of homeostat's own files into a change of one folder: the root "self" shows the
// configuration as config.toml, the folder of plugins as plugins/ and the program as bin/homeostat, wherever they lie.
//
// One change is of one part, because a transaction is of one folder. It looks at no file. All functions are pure.
package own

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/refusal"
)

// Name is the root that is homeostat itself. The root of a part is Name, a colon and the part, such as "self:config".
const Name = "self"

// The parts.
const (
	Config  = "config"
	Plugins = "plugins"
	Binary  = "bin"
)

// Part is one folder with files of homeostat.
type Part struct {
	// Part is Config, Plugins or Binary.
	Part string
	// File is the only file below the folder that belongs to the part; empty for all of them.
	File string
}

// Holds says that the file of an absolute path is one of the part, whose folder is dir.
func (p Part) Holds(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(rel) && rel != "." && (p.File == "" || p.File == rel)
}

// RootOf is the name of the root of a part.
func RootOf(part string) string { return Name + ":" + part }

// IsRoot says that a root is homeostat itself, or a part of it.
func IsRoot(root string) bool { return root == Name || strings.HasPrefix(root, Name+":") }

// Key is what two changes must not have in common at a time: all parts of homeostat are one.
func Key(root string) string {
	if IsRoot(root) {
		return Name
	}
	return root
}

// mounts are where the parts stand in the root "self". A single file stands there itself, a folder with all below it.
var mounts = map[string]string{Config: "config.toml", Plugins: "plugins", Binary: "bin/homeostat"}

// shown is how a hint tells the places.
const shown = "config.toml, plugins/NAME and bin/homeostat"

// ErrParts is wrapped in the errors of Map.
var ErrParts = errors.New("a change of homeostat itself is of one part")

// Map returns the candidate for the one part that it touches, with paths below the folder of that part.
func Map(c candidate.Candidate, parts []Part) (candidate.Candidate, error) {
	if len(c.Diffs) > 0 {
		return c, fmt.Errorf("%w: a diff names files as they are called in their folder: give %s, %s or %s as its root", ErrParts, RootOf(Config), RootOf(Plugins), RootOf(Binary))
	}
	found := ""
	edits := slices.Clone(c.Edits)
	for i := range edits {
		part, rel, ok := locate(edits[i].Path, parts)
		switch {
		case !ok:
			return c, fmt.Errorf("%q: the files of root %s are %s", edits[i].Path, Name, shown)
		case found != "" && found != part:
			return c, fmt.Errorf("%w: this one touches %s and %s: submit them one after the other", ErrParts, found, part)
		}
		found, edits[i].Path = part, rel
	}
	c.Root, c.Edits = RootOf(found), edits
	return c, nil
}

func locate(name string, parts []Part) (part, rel string, ok bool) {
	for _, p := range parts {
		mount := mounts[p.Part]
		below, isBelow := strings.CutPrefix(name, mount+"/")
		switch {
		case p.File != "" && path.Clean(name) == mount:
			return p.Part, p.File, true
		case p.File == "" && isBelow:
			return p.Part, below, true
		}
	}
	return "", "", false
}

// Check refuses edits that are not of the part, or that would leave homeostat without its file.
func Check(p Part, changes []candidate.Change, ops []txn.Op) error {
	var all []error
	for i, c := range changes {
		if p.File == "" {
			continue
		}
		kind := ops[i].Kind
		switch {
		case c.Path != p.File:
			all = append(all, fmt.Errorf("%s: the only file of %s is %s", c.Path, RootOf(p.Part), p.File))
		case kind != txn.Write && kind != txn.Mode:
			all = append(all, fmt.Errorf("%s: homeostat needs it: it can be written, not become a %s", c.Path, kind))
		}
	}
	return errors.Join(all...)
}

// Label is the label of the transactions of a root, by which the guard knows what concerns it.
func Label(root string) string {
	if IsRoot(root) {
		return txn.LabelSelf
	}
	return ""
}

// Unguarded refuses a change of the program that nobody could undo.
func Unguarded() refusal.Refusal {
	return refusal.Refusal{
		Rule: "self.guard", Limit: "a change of the program only under a guard", Value: "this daemon has none",
		Hint: "start it with `homeostat guard -- run`: then a program that does not come up is undone",
	}
}

// Beside refuses a change of the program while another one is under way.
func Beside(id, root string) refusal.Refusal {
	return refusal.Refusal{
		Rule: "self.others", Limit: "no other change under way: starting the daemon anew would undo it", Value: id + " in " + root,
		Hint: "wait, or end it with `homeostat change confirm " + id + "` or `homeostat change rollback " + id + "`",
	}
}

// Trespass refuses a file of homeostat in a change of another root.
func Trespass(file string) refusal.Refusal {
	return refusal.Refusal{Rule: "path.self", Limit: "no file of homeostat itself", Value: file, Hint: "submit it with --root " + Name}
}

// Guard is the process above the daemon, which undoes a change of homeostat itself with which the daemon does not do well.
type Guard interface {
	// Guarded says that it is there.
	Guarded() bool
	// Trial is the change that this daemon was started to try; empty for none.
	Trial() string
	// Undone are the changes that were undone while there was no daemon, by id.
	Undone() (map[string]record.Undone, error)
	// Told lets the note of such a change go, once its record tells it.
	Told(id string) error
}
