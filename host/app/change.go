package app

import (
	"context"
	"errors"
	"time"

	"github.com/homeostat/homeostat/host/app/announce"
	"github.com/homeostat/homeostat/host/app/changes"
	"github.com/homeostat/homeostat/host/app/surroundings"
	"github.com/homeostat/homeostat/host/app/translate"
	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/confined"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn/worker"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/gotest"
	"github.com/homeostat/homeostat/sdk"
)

// openChanges opens the change pipeline and what it stands on.
func (a *App) openChanges(ctx context.Context) error {
	dirs := map[string]string{}
	for _, name := range []string{"backups", "changes", "journals", "compiled", "gotest"} {
		dir, err := a.state.Sub(name)
		if err != nil {
			return err
		}
		dirs[name] = dir
	}
	var err error
	if a.backups, err = backup.Open(dirs["backups"], atomicfile.Ops{}); err != nil {
		return err
	}
	if a.box, err = sandbox.Open(sandbox.Settings{CacheDir: dirs["compiled"]}); err != nil {
		return err
	}
	a.searcher = a.newSearcher()
	monitor, err := health.New(changes.HealthConfig(a.settings.Safety.Health))
	if err != nil {
		return err
	}
	a.monitor.Store(monitor)
	a.doctor = changes.Doctor{
		Monitor: a.monitor.Load, Signals: a.observer.Signals, Statuses: a.set.Statuses,
		Incidents: a.openIncidents, Changes: a.recentChanges,
	}
	a.pipeline, err = change.New(ctx, change.Options{
		Log: a.log.Named("change"), Settings: func() change.Settings { return a.changeSettings() },
		Guard: changes.Guard{Link: a.opt.Guard, Rescue: rescuer(a.state.Path())}, OwnIlls: a.ownIlls,
		Dir: dirs["changes"], Files: worker.Client{Journals: dirs["journals"]}, Backups: a.backups,
		World: changes.OwnWorld{World: a.world(), Daemon: a}, Store: changeDocuments{documents{a.records}}, Gate: changes.GateConfig(a.settings.Safety),
		Native: confined.Runner{}, Rehearser: a.box, GoTests: a.goTests(a.box, dirs["gotest"]), Audit: a.record, Changed: a.changed,
	})
	return err
}

func (a *App) changeSettings() change.Settings {
	s := changes.Settings(a.current())
	s.Own = a.ownFiles()
	return s
}

// goTests runs the tests of changed Go packages where there is a Go toolchain.
func (a *App) goTests(box *sandbox.Sandbox, dir string) change.GoTester {
	runner, err := gotest.New(box, gotest.Settings{WorkDir: dir})
	if err != nil {
		a.log.Debug("tests of changed Go packages will be inconclusive", "error", err)
		return nil
	}
	return runner
}

func (a *App) world() changes.World {
	return changes.World{
		Components: components{a.set, a.orders}, Judge: a.doctor.Judge,
		StartTimeout:  func(name string) time.Duration { c, _ := facts{a}.component(name); return c.StartTimeout },
		OpenAnomalies: a.openAnomalies,
	}
}

// changeDocuments keeps the records of changes.
type changeDocuments struct{ documents }

// Get returns a document, nil when there is none.
func (d changeDocuments) Get(ctx context.Context, kind, id string) ([]byte, error) {
	doc, err := d.records.Document(ctx, kind, id)
	if errors.Is(err, history.ErrNotFound) {
		return nil, nil
	}
	return doc.Body, err
}

// changed tells listeners, detectors and strategies of a change's new state.
func (a *App) changed(r record.Record) {
	if a.server != nil {
		a.server.Events().Publish("change", r)
	}
	a.notifier.Tell(announce.Change(r)...)
	if r.Component == "" || own.IsRoot(r.Root) || r.State != record.Watching && r.State != record.RolledBack || r.Ended == nil && r.State == record.RolledBack {
		return
	}
	e := sdk.Event{Time: time.Now(), Component: r.Component, Type: sdk.EventChange, Text: "change " + r.ID + " is " + string(r.State)}
	if r.Origin == record.FromRecovery {
		a.observer.Event(e) // what healing does itself is no evidence to it
		return
	}
	a.seen(e)
}

// watchOwners tells open watches what happened to a component. What is said of an earlier process of it is old.
func (a *App) watchOwners(e component.Event) {
	s, ok := a.set.Status(e.Component)
	if !ok || e.Generation < s.Generation {
		return
	}
	switch {
	case e.Type == component.Exited:
		a.pipeline.OwnerBroke(e.Component, "it ended: "+e.Text)
	case e.Type == component.StartFailed:
		a.pipeline.OwnerBroke(e.Component, "it could not be started: "+e.Text)
	case e.Type == component.Probed && e.Probe.Changed, e.Type == component.Ready:
		a.pipeline.OwnerChanged(e.Component)
	}
}

// anomalyID names an anomaly across reports.
func anomalyID(detector string, an sdk.Anomaly) string { return detector + " " + an.ID() }

// watchAnomalies tells open watches what a detector found.
func (a *App) watchAnomalies(detector, component string, found []sdk.Anomaly) {
	for _, an := range found {
		if an.Component == "" {
			an.Component = component
		}
		if !an.Ended {
			a.pipeline.Anomaly(an.Component, anomalyID(detector, an), an.Summary)
		}
	}
}

func (a *App) openAnomalies() map[string]bool {
	open := map[string]bool{}
	for _, an := range a.healer.Anomalies() {
		if an.Open {
			open[anomalyID(an.Detector, an.Anomaly)] = true
		}
	}
	return open
}

// openIncidents counts the open incidents by severity.
func (a *App) openIncidents() health.Incidents {
	var n health.Incidents
	for _, inc := range a.healer.Incidents() {
		if inc.Resolved != nil {
			continue
		}
		switch inc.Severity {
		case sdk.SeverityLow:
			n.Low++
		case sdk.SeverityMedium:
			n.Medium++
		case sdk.SeverityHigh:
			n.High++
		case sdk.SeverityCritical:
			n.Critical++
		}
	}
	return n
}

// judgedChanges is how many of the newest changes tell how well changes go.
const judgedChanges = 20

func (a *App) recentChanges() []record.Record {
	list, err := a.pipeline.Changes(context.Background(), judgedChanges)
	if err != nil {
		a.log.Warn("how well changes go is not known", "error", err)
	}
	return list
}

// surroundings is what strategies get to know beside anomalies.
func (a *App) surroundings() surroundings.Source {
	return surroundings.Source{
		Log: a.log.Named("heal"), Settings: a.current, Ledger: a.recentChanges,
		Lines: a.observer.Lines, Signals: a.observer.Signals, Parameters: a.hands().Parameters().Movable,
		Links: func(ctx context.Context) []sdk.Link { return a.circuits.Circuits(ctx, translate.Links(a.current())) },
	}
}

func (a *App) changeService() changes.Service {
	return changes.Service{
		Pipeline: a.pipeline, Judge: a.doctor.Judge, Audit: a.record,
		Generator: func() []string { return a.current().Generator.Command },
	}
}

// waitingChanges counts the changes that wait for a person.
func (a *App) waitingChanges() int {
	n := 0
	for _, r := range a.recentChanges() {
		if r.State == record.WaitingApproval {
			n++
		}
	}
	return n
}
