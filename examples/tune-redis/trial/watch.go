package trial

import (
	"context"
	"sync"
	"time"

	"github.com/homeostat/homeostat/examples/tune-redis/load"
	"github.com/homeostat/homeostat/examples/tune-redis/service"
)

// phase is a stretch of the stream.
type phase struct {
	name    string
	mix     load.Mix
	drifted bool
	from    time.Time
}

// sample is one second of the users' lives.
type sample struct {
	phase   phase
	at      time.Time
	figures load.Figures
	wrong   string // empty when they were well
}

// setting is what stood in the file for a while of one phase.
type setting struct {
	settings service.Settings
	phase    phase
	from, to time.Time
	figures  load.Figures // of all of it
	settled  load.Figures // of its end
	byHand   bool
}

// watcher looks at the users each second and at the file more often. Its methods
// may be called from any goroutine.
type watcher struct {
	trial *trial
	gone  sync.WaitGroup

	mu       sync.Mutex
	phase    phase     // under mu, as are those below
	samples  []sample  // one a second
	settings []setting // in the order in which they were in force
	edited   string    // what a person has set, as a text
}

// look is the time between two looks at the file. What is set stays for longer.
const look = 100 * time.Millisecond

// watch begins to watch; it ends with the context.
func (t *trial) watch(ctx context.Context) *watcher {
	w := &watcher{trial: t, phase: phase{name: "calm", mix: calm, from: time.Now()}}
	w.gone.Go(func() { w.run(ctx) })
	return w
}

func (w *watcher) run(ctx context.Context) {
	file, second := time.NewTicker(look), time.NewTicker(load.Moment)
	defer file.Stop()
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-file.C:
			w.lookAtFile(now)
		case now := <-second.C:
			w.lookAtUsers(now)
		}
	}
}

func (w *watcher) enter(p phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.from = time.Now()
	w.phase = p
}

// entered is when the present phase began.
func (w *watcher) entered() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.phase.from
}

// edit notes what a person is about to set.
func (w *watcher) edit(s service.Settings) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.edited = s.String()
}

func (w *watcher) lookAtUsers(now time.Time) {
	f := w.trial.load.Last(load.Moment)
	wrong := limits.Judge(f, w.trial.load.Expected(load.Moment))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.samples = append(w.samples, sample{w.phase, now, f, wrong})
}

// end is how much of a setting's time tells what it is worth once it has settled.
const end = 2 * time.Second

// lookAtFile notes what is set. A file that cannot be read is being replaced.
func (w *watcher) lookAtFile(now time.Time) {
	s, err := w.trial.redis.Settings()
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.settings); n > 0 {
		last := &w.settings[n-1]
		last.to = now
		last.figures, last.settled = w.trial.load.Last(now.Sub(last.from)), w.trial.load.Last(end)
		if last.settings.String() == s.String() && last.phase == w.phase {
			return
		}
	}
	w.settings = append(w.settings, setting{settings: s, phase: w.phase, from: now, to: now, byHand: s.String() == w.edited})
}

// wait waits for the end of the watcher.
func (w *watcher) wait() *watcher {
	w.gone.Wait()
	return w
}
