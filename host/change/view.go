package change

import (
	"context"
	"io/fs"

	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/view"
)

// Candidate returns what was submitted as a change, for trying it again without applying it.
func (p *Pipeline) Candidate(ctx context.Context, id string) (candidate.Candidate, error) {
	if _, err := p.Change(ctx, id); err != nil {
		return candidate.Candidate{}, err
	}
	return p.candidate(id)
}

// View is a root with a candidate applied, as a guest sees it.
func View(root Root, resolved candidate.Resolved) sandbox.View {
	v := sandbox.View{Lower: root.Path, Deny: root.Deny}
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
