package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/homeostat/homeostat/host/plugin"
	"github.com/homeostat/homeostat/sdk"
)

// learners are the components that each detector still learns. The zero value is
// ready; its methods may be called at the same time.
type learners struct {
	mu sync.Mutex
	by map[string]map[string]bool // under mu: detector → components
}

// note takes in how a detector answered a window of a component: with
// sdk.ErrNotReady where it still learns.
func (l *learners) note(detector, component string, answer error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !errors.Is(answer, sdk.ErrNotReady) {
		delete(l.by[detector], component)
		return
	}
	if l.by == nil {
		l.by = map[string]map[string]bool{}
	}
	if l.by[detector] == nil {
		l.by[detector] = map[string]bool{}
	}
	l.by[detector][component] = true
}

// of returns the components that a detector still learns, in order.
func (l *learners) of(detector string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.by[detector]))
}

// judge asks a detector about a window and hands its answer to healing. A
// detector that still learns has taken the window: given to it once more, it
// would learn the same samples twice.
func (a *App) judge(ctx context.Context, d plugin.Detector, w sdk.Window) error {
	found, err := d.Detect(ctx, w)
	if err != nil && !errors.Is(err, sdk.ErrNotReady) {
		return err
	}
	a.learners.note(d.Name(), w.Component, err)
	a.watchAnomalies(d.Name(), w.Component, found)
	return a.healer.Report(d.Name(), w, found)
}
