// Package app plugs the rooms of the host together and gives them one life:
// New opens what must be there, Run starts everything, serves until its context
// ends, and stops it in the opposite order. Reload replaces the settings of a
// running daemon, all or nothing.
//
// It owns wiring and order, and no policy. An App is used from one goroutine,
// apart from Reload, which may be called from any.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/answer"
	"github.com/homeostat/homeostat/host/api/session"
	"github.com/homeostat/homeostat/host/api/token"
	"github.com/homeostat/homeostat/host/app/announce"
	"github.com/homeostat/homeostat/host/app/changes"
	"github.com/homeostat/homeostat/host/app/links"
	"github.com/homeostat/homeostat/host/app/statedir"
	"github.com/homeostat/homeostat/host/app/translate"
	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/dashboard"
	"github.com/homeostat/homeostat/host/evolve"
	"github.com/homeostat/homeostat/host/guard/link"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/host/journal"
	"github.com/homeostat/homeostat/host/notify"
	"github.com/homeostat/homeostat/host/observe"
	"github.com/homeostat/homeostat/host/plugin"
	"github.com/homeostat/homeostat/host/proxy"
	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sdk"
)

// Options are what an App is made of.
type Options struct {
	Version  string
	Settings *config.Settings
	// Read reads the settings again, for a reload.
	Read func() (*config.Settings, error)
	// PluginDir is where relative paths of plugins begin; it overrides the
	// settings and may be empty.
	PluginDir string
	Log       hclog.Logger
	// Guard is the line to the process above; nil for none.
	Guard *link.Link
	// Say tells the person at the terminal something worth knowing.
	Say func(line string)
}

// App is one daemon.
type App struct {
	opt     Options
	log     hclog.Logger
	started time.Time

	state    *statedir.Dir
	audit    *journal.Journal
	records  *history.Records
	metrics  *history.Metrics
	tokens   *token.Store
	sessions *session.Store
	orders   *orderBook
	links    answer.Key
	notifier *notify.Notifier
	plugins  *plugin.Host
	set      *component.Set
	observer *observe.Observer
	healer   *heal.Healer
	proxies  *proxy.Set
	circuits *links.Links
	backups  *backup.Store
	doctor   changes.Doctor
	monitor  atomic.Pointer[health.Monitor] // a reload replaces it
	pipeline *change.Pipeline
	box      *sandbox.Sandbox
	searcher *evolve.Searcher
	server   *api.Server
	learners learners

	reloads sync.Mutex    // one Reload at a time
	anew    chan struct{} // the daemon is to end, and to be started anew
	leaving bool          // it ends for that reason

	mu          sync.RWMutex
	settings    *config.Settings // under mu
	configError string           // under mu
	notReady    error            // under mu
	feeds       map[string]func()
}

// New opens the state folder and everything in it. On an error nothing stays
// open.
func New(ctx context.Context, opt Options) (app *App, err error) {
	a := &App{opt: opt, log: opt.Log, settings: opt.Settings, started: time.Now(), notReady: errors.New("starting"), feeds: map[string]func(){}, anew: make(chan struct{}, 1)}
	a.warn(opt.Settings)
	if a.state, err = statedir.Open(opt.Settings.State.Dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close(context.WithoutCancel(ctx)))
		}
	}()
	if err = a.openStores(ctx); err != nil {
		return nil, err
	}
	if err = a.openRooms(ctx); err != nil {
		return nil, err
	}
	services := a.services()
	a.server = api.New(api.Options{
		Log: a.log.Named("api"), Version: opt.Version, Services: services, Metrics: a.gatherer(), UID: os.Getuid(),
		Answers: answer.New(a.links, services.Healing, a.log.Named("answer")), Page: dashboard.New(),
	})
	return a, nil
}

func (a *App) openStores(ctx context.Context) error {
	dir, err := a.state.Sub("audit")
	if err != nil {
		return err
	}
	if a.audit, err = journal.Open(dir, journal.Options{}); err != nil {
		return err
	}
	a.tellAudit()
	keep := time.Duration(a.settings.History.Days) * 24 * time.Hour
	if a.records, err = history.OpenRecords(ctx, a.state.Path("records.db")); err != nil {
		return err
	}
	a.metrics, err = history.OpenMetrics(ctx, a.state.Path("metrics.db"), history.Options{Log: a.log.Named("history"), Keep: keep})
	if err != nil {
		return err
	}
	if a.tokens, err = token.Open(a.state.Path("tokens.json")); err != nil {
		return err
	}
	if a.sessions, err = session.Open(a.state.Path("sessions.json")); err != nil {
		a.log.Warn("nobody is signed in to the page any more", "error", err)
	}
	if a.orders, err = openOrderBook(ctx, a.records); err != nil {
		return err
	}
	return a.openNotify(ctx)
}

func (a *App) openRooms(ctx context.Context) error {
	dir, err := a.state.Sub("components")
	if err != nil {
		return err
	}
	a.set, err = component.New(component.Options{StateDir: dir, Log: a.log.Named("component"), Sink: a.happened, Asked: a.asked})
	if err != nil {
		return err
	}
	if dir, err = a.state.Sub("observe"); err != nil {
		return err
	}
	a.observer = observe.New(observe.Options{
		Log: a.log.Named("observe"), Source: source{a.set}, Sink: sink{a.metrics, a.records}, StateDir: dir,
	})
	specs, err := PluginSpecs(a.opt.PluginDir, a.settings)
	if err != nil {
		return err
	}
	a.plugins, err = plugin.New(plugin.Options{
		StateDir: a.state.Path(), SocketDir: pluginSockets(a.settings), WriteFile: atomicfile.WriteFile,
		Log: a.log.Named("plugin"), Sink: a.sight, Specs: specs,
	})
	if err != nil {
		return err
	}
	if err = a.openLinks(ctx); err != nil {
		return err
	}
	if a.healer, err = heal.New(ctx, a.healOptions()); err != nil {
		return err
	}
	return a.openChanges(ctx)
}

// happened takes in an event of a component. It is called from one goroutine.
func (a *App) happened(e component.Event) {
	a.seen(translate.Event(e))
	a.watchOwners(e)
	if e.Type == component.Probed && !e.Probe.Changed {
		return // every answer is a sample, but only a change is news
	}
	if s, ok := a.set.Status(e.Component); ok {
		a.server.Events().Publish("component", translate.Status(s))
	}
}

// sight takes in that a detector went blind or sees again.
func (a *App) sight(e sdk.Event) {
	if err := a.healer.Observe(e); err != nil && !errors.Is(err, heal.ErrNotRunning) {
		a.log.Warn("healing was not told of a detector's sight", "detector", e.Component, "error", err)
	}
	if e.Type == sdk.EventPluginSeeing {
		a.observer.Resume(strings.TrimPrefix(e.Component, plugin.ComponentPrefix))
	}
	a.server.Events().Publish("plugin", e)
	a.notifier.Tell(announce.Sight(e))
}

// seen hands an event to healing first, which may know what it disturbs, and
// then to the detectors.
func (a *App) seen(e sdk.Event) {
	if err := a.healer.Observe(e); err != nil && !errors.Is(err, heal.ErrNotRunning) {
		a.log.Warn("event was not taken in by healing", "component", e.Component, "event", e.Type, "error", err)
	}
	a.observer.Event(e)
}

// Run starts everything, serves until the context ends and stops it again. It
// returns nil after an orderly end.
func (a *App) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, a.close(context.WithoutCancel(ctx))) }()
	listeners, err := a.listen()
	if err != nil {
		return err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	var running, healing sync.WaitGroup
	healing.Go(func() {
		if err := a.healer.Run(life); err != nil {
			a.log.Error("healing ended", "error", err)
		}
	})
	running.Go(func() { a.keepHouse(life) })
	telling, hush := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() { a.notifier.Run(telling) })
	running.Go(func() { a.pulse(life) })
	served := make(chan error, len(listeners))
	for _, l := range listeners {
		running.Go(func() { served <- a.server.Serve(l.Listener, l.certificate) })
	}
	err = a.start(ctx)
	if err == nil {
		running.Go(func() { a.searcher.Run(life) })
		a.ready()
		err = a.wait(ctx, served)
	}
	a.setNotReady(errors.New("stopping"))
	a.goodbye()
	end() // first, so that the stops to come are not taken for a person's orders
	healing.Wait()
	a.stop()
	hush() // last, so that what was news to the end is kept for the next daemon to send
	running.Wait()
	return err
}

// wait blocks until the end is asked for or a listener breaks.
func (a *App) wait(ctx context.Context, served <-chan error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.anew:
			a.leaving = true
			return nil
		case err := <-served:
			if err != nil {
				return err
			}
		}
	}
}

// start brings the rooms to life, plugins first: what they watch comes last.
func (a *App) start(ctx context.Context) error {
	if err := a.record("daemon", "started", map[string]any{"version": a.opt.Version, "config": a.settings.File, "pid": os.Getpid()}); err != nil {
		return err
	}
	if err := a.plugins.Start(ctx); err != nil {
		return err
	}
	a.observe(a.settings)
	a.observer.Start()
	if err := a.feed(a.settings); err != nil {
		return err
	}
	// Components start with the old files of whatever nobody has confirmed.
	if err := a.pipeline.Recover(ctx); err != nil {
		a.log.Error("a change of an earlier daemon could not be ended; see `homeostat change list`", "error", err)
	}
	if err := a.proxies.Apply(links.Wanted(a.settings)); err != nil {
		return err
	}
	if err := a.set.Apply(ctx, translate.Components(a.settings)); err != nil {
		return err
	}
	a.pipeline.Begin()
	a.catchUp(ctx)
	return nil
}

// observe tells the observer what there is.
func (a *App) observe(settings *config.Settings) {
	var list []observe.Component
	for _, c := range settings.Components {
		logs := c.Logs
		if s, ok := a.set.Status(string(c.Name)); ok && s.Output != "" {
			logs = append([]string{s.Output}, logs...)
		}
		list = append(list, observe.Component{Name: string(c.Name), Logs: logs, Scrape: string(c.Scrape), ScrapeInterval: c.ScrapeInterval})
	}
	a.observer.Apply(list, translate.Links(settings))
}

// feed connects every detector to the observer.
func (a *App) feed(settings *config.Settings) error {
	for _, remove := range a.feeds {
		remove()
	}
	clear(a.feeds)
	if !settings.Healing.Enabled {
		return nil
	}
	for _, d := range a.plugins.Detectors() {
		remove, err := a.observer.AddFeed(observe.Feed{
			Name: d.Name(), Lookback: d.LookBack(), Interval: settings.Healing.DetectionInterval,
			Deliver: func(ctx context.Context, _ string, w sdk.Window) error { return a.judge(ctx, d, w) },
		})
		if err != nil {
			return fmt.Errorf("connect detector %s: %w", d.Name(), err)
		}
		a.feeds[d.Name()] = remove
	}
	return nil
}

// stop ends the rooms in the opposite order of start.
func (a *App) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := a.server.Shutdown(ctx); err != nil {
		a.log.Warn("API requests were cut off", "error", err)
	}
	a.pipeline.Close()
	left, err := a.letGo(ctx)
	if err != nil {
		a.log.Warn("a component was not stopped as its on_exit says", "error", err)
	}
	a.tellLeft(left, a.proxies.Close())
	a.observer.Close()
	if err := a.plugins.Close(ctx); err != nil {
		a.log.Warn("a plugin did not end by itself", "error", err)
	}
}

// letGo ends the components that are to end with the daemon; with one that is started anew at once, none.
func (a *App) letGo(ctx context.Context) ([]component.Status, error) {
	if a.leaving {
		return a.set.Release()
	}
	return a.set.Close(ctx)
}

// shutdownTimeout bounds the orderly end, stop ladders of components included.
const shutdownTimeout = time.Minute

// close gives back what New has opened.
func (a *App) close(ctx context.Context) error {
	var problems []error
	if a.pipeline != nil {
		a.pipeline.Close() // a second Close does nothing
	}
	if a.backups != nil {
		problems = append(problems, a.backups.Close())
	}
	if a.set != nil {
		_, err := a.set.Close(ctx) // a second Close does nothing
		problems = append(problems, err)
	}
	if a.proxies != nil {
		a.proxies.Close() // a second Close does nothing
	}
	if a.observer != nil {
		a.observer.Close()
	}
	if a.plugins != nil {
		problems = append(problems, a.plugins.Close(ctx))
	}
	if a.audit != nil {
		problems = append(problems, a.audit.Close())
	}
	if a.metrics != nil {
		problems = append(problems, a.metrics.Close())
	}
	if a.records != nil {
		problems = append(problems, a.records.Close())
	}
	return errors.Join(append(problems, a.state.Close())...)
}
