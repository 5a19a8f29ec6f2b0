// Package staged shows a candidate to the sandbox: a root with the change applied, its new bytes pinned by their hashes.
//
// It reads no file, and runs nothing.
package staged

import (
	"io/fs"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/view"
)

// View is the folder root with a candidate applied, as a guest sees it: without what the patterns of deny name.
func View(root string, deny []string, resolved candidate.Resolved) sandbox.View {
	v := sandbox.View{Lower: root, Deny: deny}
	for _, c := range resolved.Changes {
		s := sandbox.Staged{Path: c.Path, Mode: fs.FileMode(c.After.Mode).Perm()}
		switch c.After.Kind {
		case candidate.Absent:
			s.Kind = view.Deleted
		case candidate.Folder:
			s.Kind = view.Folder
		case candidate.Symlink:
			s.Kind, s.Target = view.Symlink, string(c.After.Content)
		default:
			s.Kind, s.Data, s.SHA256 = view.File, c.After.Content, candidate.Sum(c.After.Content)
		}
		v.Staged = append(v.Staged, s)
	}
	return v
}
