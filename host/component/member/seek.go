package member

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/component/declared"
	"github.com/homeostat/homeostat/host/component/find"
	"github.com/homeostat/homeostat/host/component/process"
)

// How often a component that somebody else starts is looked for while it does not run. Reading a pidfile is cheaper
// than reading all command lines.
const (
	seekPidfile = 250 * time.Millisecond
	seekOther   = time.Second
)

// seek adopts the component's process whenever there is none followed and one is found. While one is followed it sleeps.
// It ends when the member leaves the set.
func (m *Member) seek() {
	every := seekOther
	if m.Spec().Kind == declared.Pidfile {
		every = seekPidfile
	}
	for m.watching.Err() == nil {
		m.mu.Lock()
		followed := m.gone
		m.mu.Unlock()
		if followed != nil {
			select {
			case <-followed:
			case <-m.watching.Done():
				return
			}
		}
		m.seekOnce()
		select {
		case <-time.After(every):
		case <-m.watching.Done():
		}
	}
}

// find looks for the main process of a component that somebody else starts.
func (m *Member) find(ctx context.Context) (process.ID, error) {
	switch spec := m.Spec(); spec.Kind {
	case declared.Pidfile:
		return find.ByPidfile(spec.Pidfile)
	case declared.Match:
		return find.ByMatch(spec.Match)
	case declared.Unit:
		return find.ByUnit(ctx, spec.Unit)
	default:
		return process.ID{}, find.ErrNotRunning
	}
}

// seekOnce looks once, unless an order is under way, which looks for itself.
func (m *Member) seekOnce() {
	select {
	case m.turn <- struct{}{}:
		defer m.exitTurn()
	default:
		return
	}
	if m.holding() != nil || m.life.Err() != nil {
		return
	}
	id, err := m.find(m.life)
	if err != nil {
		m.missing(err)
		return
	}
	if err := m.adopt(id, "somebody else started it"); err != nil && !errors.Is(err, process.ErrGone) {
		m.log.Warn("a process was found and cannot be watched", "error", err)
	}
}

// missing notes why nothing is found. That a component which is wanted does not run is told once, as an exit that nobody
// saw.
func (m *Member) missing(why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text := why.Error()
	switch {
	case !errors.Is(why, find.ErrNotRunning):
		text = fmt.Sprintf("whether it runs is not known: %v", why)
		if m.text != text {
			m.log.Warn("a component cannot be looked for", "error", why)
		}
		m.become(m.state, text)
	case m.record.Unwanted:
		m.become(IsStopped, text)
	case m.state == IsStarting && time.Since(m.added) < seekPatience:
		m.text = text
	case m.state != IsDown && m.state != CannotStop:
		m.become(IsDown, text)
		m.emit(Event{Type: Exited, Exit: &process.Exit{}, Text: text})
	default:
		m.text = text
	}
}

// seekPatience is how long a component that was not found at first may take to appear, because a host that boots starts
// it at the same time as the daemon.
const seekPatience = 5 * time.Second
