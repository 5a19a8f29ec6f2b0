package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/act"
	"github.com/homeostat/homeostat/host/alerts"
	"github.com/homeostat/homeostat/host/app/announce"
	"github.com/homeostat/homeostat/host/app/changes"
	"github.com/homeostat/homeostat/host/app/service"
	"github.com/homeostat/homeostat/host/app/translate"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/host/heal/choice"
	"github.com/homeostat/homeostat/host/heal/experiment"
	"github.com/homeostat/homeostat/host/heal/handover"
	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/storm"
	"github.com/homeostat/homeostat/host/journal"
	"github.com/homeostat/homeostat/host/plugin"
	"github.com/homeostat/homeostat/sdk"
)

// auditTimeout bounds the wait for a record to be durable.
const auditTimeout = 10 * time.Second

func (a *App) healOptions() heal.Options {
	return heal.Options{
		Log:          a.log.Named("heal"),
		Promotion:    heal.Promotion(a.settings.Healing.Promotion),
		Settings:     healSettings(a.settings),
		Strategies:   a.strategies,
		Actor:        a.actor(),
		Prober:       prober{source{a.set}},
		Store:        documents{a.records},
		Audit:        func(kind string, fields map[string]any) error { return a.record("healing", kind, fields) },
		Surroundings: a.surroundings().Of,
		Publish:      a.published,
	}
}

// published tells listeners and the receiver of messages what healing has to
// tell.
func (a *App) published(topic string, item any) {
	a.server.Events().Publish(topic, service.Item(item))
	if i, ok := item.(record.Incident); ok {
		a.notifier.Tell(announce.Incident(i)...)
	}
}

// hand is what healing acts with.
type hand struct {
	*act.Actor
	app *App
}

// actor is the hand of healing. The pipeline is opened after healing, so it is looked up at each use.
func (a *App) actor() hand {
	return hand{act.New(components{a.set, a.orders}, a.declared).WithChanges(a.hands()).WithLinks(a.circuits), a}
}

// Trace tells nothing before changes, links and components are what they were:
// a change that an earlier daemon left is undone while this one starts.
func (h hand) Trace(ctx context.Context, o heal.Order) fate.Fate {
	if err := (daemonService{h.app}).Ready(); err != nil {
		return fate.Fate{State: fate.Pending, Text: "the daemon is " + err.Error()}
	}
	return h.Actor.Trace(ctx, act.Cut(o))
}

func (a *App) hands() changes.Hands {
	return changes.Hands{Pipeline: func() *change.Pipeline { return a.pipeline }, Settings: a.current}
}

// asked says why a component that is down must not be started without a person.
// While nothing is healed nobody asks, so it is started like any other.
func (a *App) asked(component string) string {
	if !a.current().Healing.Enabled {
		return ""
	}
	return a.healer.Asked(component)
}

// record writes one audit record and waits until it is durable.
func (a *App) record(actor, kind string, fields map[string]any) error {
	ctx, cancel := context.WithTimeout(context.Background(), auditTimeout)
	defer cancel()
	_, err := a.audit.Append(ctx, journal.Entry{Actor: actor, Kind: kind, Fields: fields})
	return err
}

// strategies are those that are ready. The last rung is always there.
func (a *App) strategies() []heal.Strategy {
	var ladder []heal.Strategy
	for _, s := range a.plugins.Strategies() {
		if s.Ready() {
			ladder = append(ladder, rung{s})
		}
	}
	return append(ladder, handover.Strategy{})
}

// strategyService shows the ladder.
func (a *App) strategyService() service.Strategies {
	return service.Strategies{
		Healer: a.healer,
		Ready: func() []string {
			var names []string
			for _, s := range a.strategies() {
				names = append(names, s.Name())
			}
			return names
		},
		Configured: func() []string {
			names := []string{choice.HandOver}
			for name, p := range a.current().Plugins.Named {
				if p.Kind == config.PluginStrategy {
					names = append(names, name)
				}
			}
			slices.Sort(names)
			return names
		},
		Ladder: func() ([]string, map[string][]string) {
			settings := a.current()
			own := map[string][]string{}
			for _, c := range settings.Components {
				if len(c.Ladder) > 0 {
					own[string(c.Name)] = c.Ladder
				}
			}
			return settings.Healing.Ladder, own
		},
	}
}

// rung is a strategy plugin as healing sees it.
type rung struct{ plugin.Strategy }

// Learn passes on how a recovery ended; a strategy that does not learn need
// not know.
func (r rung) Learn(ctx context.Context, o sdk.Outcome) error {
	if err := r.Strategy.Learn(ctx, o); !errors.Is(err, plugin.ErrUnsupported) {
		return err
	}
	return nil
}

// declared returns the operator's commands of a component, by name.
func (a *App) declared(name string) map[string]act.Command {
	c, _ := facts{a}.component(name)
	commands := map[string]act.Command{}
	for name, d := range c.Declared {
		commands[name] = act.Command{Command: d.Command, Undo: d.Undo, Timeout: d.Timeout, Dir: c.Dir, Env: c.Env, User: c.User}
	}
	return commands
}

func healSettings(settings *config.Settings) heal.Settings {
	h := settings.Healing
	out := heal.Settings{
		Mode: policy.Mode(h.Mode), MaxConcurrent: h.MaxConcurrentRecoveries, Quarantine: h.QuarantinePeriod,
		ApprovalExpiry: h.ApprovalExpiry, Hold: h.Hold, Reopen: h.Reopen, Choice: odds.Rule(h.Choice), Ladder: h.Ladder,
		Storm: storm.Limits{Component: h.Storm.Component, Host: h.Storm.Host, Window: h.Storm.Window}, DetectionInterval: h.DetectionInterval, Links: translate.Links(settings),
	}
	out.Experiment = experimentOf(h.Experiment)
	for _, c := range settings.Components {
		out.Components = append(out.Components, heal.Component{
			Name: string(c.Name), DependsOn: c.DependsOn, Mode: ownMode(c),
			Restarts: sdk.RestartLimit{Max: c.Restarts.Max, Window: c.Restarts.Window},
			Declared: slices.Sorted(maps.Keys(c.Declared)), Ladder: c.Ladder, WarmUp: c.WarmUp,
		})
	}
	return out
}

func experimentOf(e config.Experiment) experiment.Settings {
	if len(e.Strategies) == 0 {
		return experiment.Settings{}
	}
	return experiment.Settings{
		Name: e.Name, A: e.Strategies[0], B: e.Strategies[1], Share: float64(e.Share) / 100, Components: e.Components,
		MaxIncidents: e.MaxIncidents, MaxTime: e.MaxTime, Longest: e.Longest,
	}
}

func ownMode(c config.Component) policy.Own {
	return policy.Own{Mode: policy.Mode(c.Mode), Wins: c.ModeWins}
}

// facts answers from the settings in force.
type facts struct{ app *App }

func (f facts) component(name string) (config.Component, bool) {
	f.app.mu.RLock()
	defer f.app.mu.RUnlock()
	for _, c := range f.app.settings.Components {
		if string(c.Name) == name {
			return c, true
		}
	}
	return config.Component{}, false
}

func (f facts) DependsOn(name string) []string {
	c, _ := f.component(name)
	return c.DependsOn
}

func (f facts) Mode(name string) string {
	return string(f.app.healer.ModeOf(name))
}

func (f facts) RestartOrders(name string) int { return f.app.orders.of(name) }

// alerts says what alerts from outside mean, false while nothing is healed.
func (a *App) alerts() (alerts.Mapping, bool) {
	settings := a.current()
	set := settings.Alerts
	return alerts.Mapping{
		Labels: set.Labels, Components: set.Components, Severities: alerts.ParseSeverities(set.Severities), TTL: set.TTL, Down: set.Down,
		Known: func(name string) bool { _, ok := facts{a}.component(name); return ok },
	}, settings.Healing.Enabled
}
