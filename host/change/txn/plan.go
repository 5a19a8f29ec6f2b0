package txn

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/atomicfile/beneath"
	"github.com/homeostat/homeostat/host/refusal"
)

var validID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// forbidden are the folders in which files are not files.
var forbidden = []string{"/proc", "/sys", "/dev", "/run"}

// check judges what can be judged without looking at any file. reserved are our own folders.
func (c Change) check(reserved ...string) refusal.List {
	var list refusal.List
	refuse := func(rule, value, limit, hint string) {
		list = append(list, refusal.Refusal{Rule: rule, Limit: limit, Value: value, Hint: hint})
	}
	if !validID.MatchString(c.ID) {
		refuse("change.id", fmt.Sprintf("%q", c.ID), "letters, digits, _ and -", "leave the id to the daemon")
	}
	if !filepath.IsAbs(c.Root) || filepath.Clean(c.Root) != c.Root || c.Root == "/" {
		refuse("change.root", c.Root, "an absolute path in its shortest form, other than /", "declare the folder below which files change")
	}
	for _, op := range c.Ops {
		if err := beneath.Check(op.Path); err != nil || op.Path == "." {
			refuse("path.outside", op.Path, "a path below the root, without .. and in its shortest form", "name the file relative to the root")
			continue
		}
		full := filepath.Join(c.Root, op.Path)
		for _, top := range slices.Concat(forbidden, reserved) {
			if inside(full, top) || inside(top, full) && op.Kind != Folder {
				refuse("path.forbidden", op.Path, "no file of "+top, "it is not a file that a change may touch")
			}
		}
		if !slices.Contains([]Kind{Write, Delete, Link, Mode, Folder}, op.Kind) {
			refuse("change.kind", string(op.Kind), "write, delete, symlink, mode or folder", "correct the kind of "+op.Path)
		}
	}
	return append(list, c.checkOverlap()...)
}

// inside says that p is top or below it.
func inside(p, top string) bool {
	return p == top || strings.HasPrefix(p, strings.TrimSuffix(top, "/")+"/")
}

// checkOverlap finds two operations on one path, and a path below one that will not be a folder.
func (c Change) checkOverlap() refusal.List {
	var list refusal.List
	kinds := map[string]Kind{}
	for _, op := range c.Ops {
		if _, twice := kinds[op.Path]; twice {
			list = append(list, refusal.Refusal{Rule: "path.twice", Limit: "one operation on each path", Value: op.Path, Hint: "put them into one"})
		}
		kinds[op.Path] = op.Kind
	}
	for _, op := range c.Ops {
		if beneath.Check(op.Path) != nil {
			continue // refused already, and an absolute path never gets up to "."
		}
		for top := path.Dir(op.Path); top != "."; top = path.Dir(top) {
			kind, touched := kinds[top]
			deleting := kind == Delete && op.Kind == Delete
			if touched && kind != Folder && kind != Mode && !deleting {
				list = append(list, refusal.Refusal{
					Rule: "path.conflict", Limit: "no operation below a path that will not be a folder",
					Value: fmt.Sprintf("%s below %s", op.Path, top), Hint: "split the change in two",
				})
			}
		}
	}
	return list
}

// ordered returns the operations in the order of applying: folders from the top down, then files and links, then the
// removal of files, then of folders from the bottom up. Undoing goes the other way.
func (c Change) ordered() []Op {
	ops := slices.Clone(c.Ops)
	slices.SortStableFunc(ops, func(a, b Op) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		switch a.Kind {
		case Folder:
			return strings.Compare(a.Path, b.Path)
		case Delete:
			return strings.Compare(b.Path, a.Path)
		}
		return 0
	})
	return ops
}

func rank(op Op) int {
	switch op.Kind {
	case Folder:
		return 0
	case Delete:
		return 2
	}
	return 1
}
