package app

import (
	"context"
	"errors"
	"time"

	"github.com/homeostat/homeostat/host/app/changes"
	"github.com/homeostat/homeostat/host/app/load"
	"github.com/homeostat/homeostat/host/app/models"
	"github.com/homeostat/homeostat/host/evolve"
	"github.com/homeostat/homeostat/host/history"
)

// searchKind is the kind of the documents in which searches are kept.
const searchKind = "search"

// newSearcher joins searches with components, their parameters, the strategy
// that searches and the sandbox.
func (a *App) newSearcher() *evolve.Searcher {
	pins := &models.Pins{Log: a.log.Named("evolve")}
	return evolve.New(evolve.Options{
		Log: a.log.Named("evolve"), Settings: func() evolve.Settings { return a.searchSettings(pins) }, Look: a.settings.Evolve.Look,
		Parameters: a.hands().Parameters().Movable, Evolver: a.evolver, Quiet: a.quiet,
		Recorded: load.History{Store: a.metrics, Now: time.Now},
		Open: func(ctx context.Context, t evolve.Target) (evolve.Evaluator, error) {
			limits := changes.Limits(a.current().Sandbox)
			limits.Timeout = a.current().Evolve.Timeout
			return models.Open(ctx, a.box, t, limits)
		},
		Keep: func(ctx context.Context, name string, doc []byte) error {
			return a.records.Put(ctx, history.Document{Kind: searchKind, ID: name, Time: time.Now(), Body: doc})
		},
		Kept: func(ctx context.Context, name string) ([]byte, error) {
			doc, err := a.records.Document(ctx, searchKind, name)
			if errors.Is(err, history.ErrNotFound) {
				return nil, nil
			}
			return doc.Body, err
		},
		Audit: func(kind string, fields map[string]any) error { return a.record("evolve", kind, fields) },
	})
}

func (a *App) searchSettings(pins *models.Pins) evolve.Settings {
	settings := a.current()
	out := evolve.Settings{Evaluations: settings.Evolve.Evaluations, Seeds: settings.Evolve.Seeds, Every: settings.Evolve.Every}
	if !settings.Evolve.Enabled {
		return out
	}
	for _, c := range settings.Components {
		if c.Model.Module != "" {
			out.Targets = append(out.Targets, evolve.Target{
				Component: string(c.Name), Module: c.Model.Module, SHA256: pins.Of(string(c.Name), c.Model.Module, string(c.Model.SHA256)), Replay: c.Model.Replay,
			})
		}
	}
	return out
}

// evolver is the first strategy that searches.
func (a *App) evolver() (evolve.Evolver, bool) {
	for _, s := range a.plugins.Strategies() {
		if s.Ready() && s.Evolves() {
			return s, true
		}
	}
	return nil, false
}

// quiet reports that nothing is being recovered, nor needs to be: a search must take
// nothing from that. Low incidents, such as that of a host that is meant to be busy,
// may stay open for days; beside them the search's own rests are enough.
func (a *App) quiet() bool {
	n := a.openIncidents()
	return n.Medium+n.High+n.Critical == 0 && a.healer.Summary().ActiveRecoveries == 0
}
