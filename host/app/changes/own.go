package changes

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/confined"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/guard/link"
	"github.com/homeostat/homeostat/host/guard/rescue"
)

// Homeostat is where the files of the daemon itself lie.
type Homeostat struct {
	// Program is the path of the running program as it was started, Plugins the folder of plugins.
	Program, Plugins string
}

// Roots are the parts of homeostat as roots of changes. A part whose files are not there is left out.
func (h Homeostat) Roots(s *config.Settings) []change.Root {
	var roots []change.Root
	add := func(r change.Root) {
		r.Name, r.Component, r.Watch = own.RootOf(r.Own.Part), own.Name, s.Self.Watch
		r.Health = s.Self.Confirm != config.ConfirmPerson
		r.Person = s.Self.Confirm != config.ConfirmHealth
		roots = append(roots, r)
	}
	file, fileErr := filepath.EvalSymlinks(s.File)
	program, err := filepath.EvalSymlinks(h.Program)
	check := []string{"--config", file, "config", "check"}
	if fileErr == nil {
		add(change.Root{
			Path: filepath.Dir(file), Activate: change.ActivateReload, Own: own.Part{Part: own.Config, File: filepath.Base(file)},
			Native: [][]string{append([]string{h.Program}, check...)},
		})
	}
	if dir, err := filepath.EvalSymlinks(h.Plugins); err == nil {
		add(change.Root{
			Path: dir, Activate: change.ActivateReload, Own: own.Part{Part: own.Plugins},
			Native: [][]string{{h.Program, "plugin", "check", confined.View + "/" + confined.Path}},
		})
	}
	if err == nil {
		candidate := confined.View + "/" + filepath.Base(program)
		native := [][]string{{candidate, "version"}, {candidate, "guard", "--rehearse"}}
		if fileErr == nil {
			native = append(native, append([]string{candidate}, check...))
		}
		add(change.Root{
			Path: filepath.Dir(program), Activate: change.ActivateRestart, Native: native,
			Own: own.Part{Part: own.Binary, File: filepath.Base(program)},
		})
	}
	return roots
}

// Daemon is the daemon itself as a change of homeostat sees it.
type Daemon interface {
	// ActivateSelf takes up the files of homeostat that are there now.
	ActivateSelf(ctx context.Context, how change.Activation) (string, error)
	// LookSelf says whether the daemon works.
	LookSelf(ctx context.Context) (record.Verdict, string)
}

// OwnWorld is World, and the daemon beside the components.
type OwnWorld struct {
	World
	Daemon Daemon
}

// Activate makes a component, or the daemon, read its files.
func (w OwnWorld) Activate(ctx context.Context, name string, how change.Activation, reason string) (string, error) {
	if name == own.Name {
		return w.Daemon.ActivateSelf(ctx, how)
	}
	return w.World.Activate(ctx, name, how, reason)
}

// Look asks the probes of a component, or the daemon, now.
func (w OwnWorld) Look(ctx context.Context, name string) (record.Verdict, string) {
	if name == own.Name {
		return w.Daemon.LookSelf(ctx)
	}
	return w.World.Look(ctx, name)
}

// selfPatience is how long a daemon that has started may take to its first healthy answer.
const selfPatience = 30 * time.Second

// AnswerWithin is how long a component, or the daemon, may take to answer.
func (w OwnWorld) AnswerWithin(name string) time.Duration {
	if name == own.Name {
		return selfPatience
	}
	return w.World.AnswerWithin(name)
}

// Guard is change.Guard on the line to the guard and the notes that it leaves.
type Guard struct {
	Link   *link.Link
	Rescue rescue.Rescue
}

// Guarded says that there is a guard.
func (g Guard) Guarded() bool { return g.Link.Guarded() }

// Trial is the change that this daemon was started to try.
func (g Guard) Trial() string { return g.Link.Trial() }

// Undone reads what the guard has undone.
func (g Guard) Undone() (map[string]record.Undone, error) {
	notes, err := g.Rescue.Notes()
	undone := map[string]record.Undone{}
	for id, n := range notes {
		undone[id] = record.Undone{Why: n.Why, Problem: n.Problem, At: n.At, Conflicts: n.Conflicts}
	}
	return undone, err
}

// Told lets a note go.
func (g Guard) Told(id string) error { return g.Rescue.Told(id) }

// ThisProgram is the path of the running program, as it was when it was started.
func ThisProgram() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}
