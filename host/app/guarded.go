package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/api/client"
	"github.com/homeostat/homeostat/host/app/changes"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn/worker"
	"github.com/homeostat/homeostat/host/guard/rescue"
	"github.com/homeostat/homeostat/host/plugin/supervisor"
)

// errNewDaemon matches an error about settings that only a new daemon can take up.
var errNewDaemon = errors.New("only a new daemon can take that up")

// rescuer undoes changes of the daemon's own files.
func rescuer(state string) rescue.Rescue {
	return rescue.Rescue{State: state, Files: worker.Client{Journals: rescue.Journals(state)}}
}

// Rescue puts the daemon's own files back where a change of them was left unconfirmed. It is for a daemon without a guard,
// which calls it before it reads its settings; a guard has done it already. say is told what was undone.
func Rescue(ctx context.Context, state string, say func(line string)) error {
	notes, err := rescuer(state).Undo(ctx, "the daemon or the host was restarted before the change was confirmed")
	if errors.Is(err, rescue.ErrInUse) {
		return nil // opening the state folder says it better
	}
	for _, n := range notes {
		say(fmt.Sprintf("change %s of %v in %s was undone: %s", n.Change, n.Paths, n.Root, n.Why))
	}
	if err != nil {
		return fmt.Errorf("undo an unconfirmed change of homeostat itself: %w", err)
	}
	return nil
}

// ownFiles are the parts of homeostat as roots of changes.
func (a *App) ownFiles() []change.Root {
	settings := a.current()
	dir, err := PluginDir(a.opt.PluginDir, settings)
	if err != nil {
		dir = "" // there is none, and so no such part
	}
	return changes.Homeostat{Program: changes.ThisProgram(), Plugins: dir}.Roots(settings)
}

// ActivateSelf takes up the files of homeostat that are there now: by a reload, or by starting anew.
func (a *App) ActivateSelf(ctx context.Context, how change.Activation) (string, error) {
	if how == change.ActivateReload {
		err := a.Reload(ctx)
		if err == nil {
			return "the daemon has read its configuration and its plugins again", nil
		}
		if !errors.Is(err, errNewDaemon) || !a.opt.Guard.Guarded() {
			return "", err
		}
	}
	if err := a.opt.Guard.Restart(); err != nil {
		return "", err
	}
	select {
	case a.anew <- struct{}{}:
	default: // it is on its way
	}
	return "", change.ErrRestarting
}

// LookSelf says whether the daemon works: whether its API answers, and whether the settings of its file are in force.
func (a *App) LookSelf(ctx context.Context) (record.Verdict, string) {
	if err := a.alive(ctx); err != nil {
		return record.Fail, err.Error()
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.configError != "" {
		return record.Fail, "the configuration was refused: " + a.configError
	}
	return record.Pass, "the daemon answers"
}

// alive asks the daemon over its own socket, the way that everybody else does, and then for its healing, so that a part
// of it that hangs is not taken for health.
func (a *App) alive(ctx context.Context) error {
	if err := client.New(a.current().Socket.Path).Once(ctx, "/readyz"); err != nil {
		return err
	}
	a.healer.Summary()
	return nil
}

// ownIlls tells how ill the plugins are, each alone, and how many: a new one has no past to be compared with.
func (a *App) ownIlls() map[string]int {
	ills := map[string]int{}
	count := 0
	for _, p := range a.plugins.Status() {
		ill := map[supervisor.State]int{supervisor.Ready: 0, supervisor.Starting: 1}
		rank, known := ill[p.State]
		if !known {
			rank = 2
			count++
		}
		ills["plugin "+p.Name] = rank
	}
	ills["plugins"] = count
	return ills
}

// pulse tells the guard that the daemon is alive, until the context ends.
func (a *App) pulse(ctx context.Context) {
	every := a.opt.Guard.Every()
	if every <= 0 {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asked, cancel := context.WithTimeout(ctx, every)
		err := a.alive(asked)
		cancel()
		if err == nil {
			err = a.opt.Guard.Pulse()
		}
		if err != nil && ctx.Err() == nil {
			a.log.Warn("the guard was given no sign of life; without one it starts the daemon anew", "error", err)
		}
	}
}
