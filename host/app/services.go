package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/token"
	"github.com/homeostat/homeostat/host/api/trail"
	"github.com/homeostat/homeostat/host/app/announce"
	"github.com/homeostat/homeostat/host/app/changes"
	"github.com/homeostat/homeostat/host/app/links"
	"github.com/homeostat/homeostat/host/app/service"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/host/journal"
	"github.com/homeostat/homeostat/host/plugin"
	"github.com/homeostat/homeostat/sdk"
)

func (a *App) services() api.Services {
	return api.Services{
		Daemon:     daemonService{a},
		Components: service.Components{Set: a.set, Healer: a.healer, Facts: facts{a}, Ordered: a.ordered, Happened: a.eventsOf},
		Parameters: service.Parameters{Book: a.hands().Parameters()},
		Searches:   service.Searches{Searcher: a.searcher},
		Healing:    changes.Approvals{Healing: service.Healing{Healer: a.healer, Corrector: corrector{a.plugins}}, Pipeline: a.pipeline, Weigh: a.actor().Weigh},
		Strategies: a.strategyService(),
		Changes:    a.changeService(),
		Links:      links.Service{Of: a.circuits},
		Signals:    signalService{a},
		Audit:      auditService{a},
		Tokens:     tokenService{a},
		TokenAdmin: tokenService{a},
		Sessions:   sessionService{a},
		Alerts:     service.Alerts{Healer: a.healer, Mapping: a.alerts, Watch: a.watchAnomalies},
		Notify:     announce.Service{Notifier: a.notifier},
	}
}

// ordered writes an operator's order into the audit log before it is done.
func (a *App) ordered(ctx context.Context, order api.Order, name, reason string) error {
	return a.record(api.Actor(ctx), "component."+string(order), map[string]any{"component": name, "reason": reason})
}

// eventsOf reads what happened to a component, the newest first.
func (a *App) eventsOf(ctx context.Context, name string, limit int) ([]sdk.Event, error) {
	return a.records.Events(ctx, name, history.Filter{Limit: limit})
}

type daemonService struct{ app *App }

// Status gathers the daemon's state.
func (d daemonService) Status(context.Context) (api.Status, error) {
	a := d.app
	settings := a.current()
	sum := a.healer.Summary()
	a.mu.RLock()
	configError := a.configError
	a.mu.RUnlock()
	st := api.Status{
		Active: settings.Healing.Enabled, Mode: string(a.healer.Mode()), ActiveRecoveries: sum.ActiveRecoveries,
		AutoHealingRate: sum.AutoHealingRate, Version: a.opt.Version, StartedAt: a.started,
		OpenIncidents: sum.OpenIncidents, PendingApprovals: sum.PendingApprovals,
		Plugins: d.Plugins(), Maintenance: service.Healing{Healer: a.healer}.Maintenance(),
		Config: settings.File, ConfigError: configError, StateDir: settings.State.Dir,
	}
	if settings.Dashboard.Enabled {
		st.Listen = string(settings.Dashboard.Listen)
	}
	st.Components = a.count()
	st.PendingApprovals += a.waitingChanges()
	st.Notify = announce.Service{Notifier: a.notifier}.NotifyStatus()
	return st, nil
}

func (a *App) count() api.ComponentCount {
	var n api.ComponentCount
	for _, s := range a.set.Statuses() {
		status, _ := source{a.set}.Status(s.Name)
		n.Total++
		switch status.State {
		case sdk.StateUp:
			n.Up++
		case sdk.StateFailing:
			n.Failing++
		case sdk.StateDown, sdk.StateCouldNotStop:
			n.Down++
		default:
			n.Other++
		}
	}
	return n
}

// Ready reports why the daemon does not work yet or any more.
func (d daemonService) Ready() error {
	d.app.mu.RLock()
	defer d.app.mu.RUnlock()
	return d.app.notReady
}

func (a *App) setNotReady(reason error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.notReady = reason
}

// SetMode changes the mode; healing itself writes the audit record.
func (d daemonService) SetMode(ctx context.Context, mode string) error {
	set := func() error { return d.app.healer.SetMode(mode, api.Actor(ctx)) }
	if mode == "" {
		set = func() error { return d.app.healer.UnsetMode(api.Actor(ctx)) }
	}
	if err := set(); err != nil {
		return &api.Problem{Status: http.StatusConflict, Detail: err.Error()}
	}
	return nil
}

// Modes returns the daemon's mode and those of components.
func (d daemonService) Modes() api.Modes {
	set, configured := d.app.healer.ModeSetLive()
	out := api.Modes{Mode: string(d.app.healer.Mode()), Live: set, Configured: string(configured), Components: []api.ComponentMode{}}
	live := d.app.healer.OwnModes()
	for _, c := range d.app.current().Components {
		name := string(c.Name)
		own, set := live[name]
		if !set {
			own = ownMode(c)
		}
		if own.Mode != "" {
			out.Components = append(out.Components, api.ComponentMode{
				Component: name, Mode: string(d.app.healer.ModeOf(name)), Live: set, OwnMode: api.OwnMode{Mode: string(own.Mode), Wins: own.Wins},
			})
		}
	}
	return out
}

// SetOwnMode changes a component's mode; healing itself writes the audit record.
func (d daemonService) SetOwnMode(ctx context.Context, component string, own api.OwnMode) error {
	if _, ok := facts(d).component(component); !ok {
		return &api.Problem{Status: http.StatusNotFound, Detail: fmt.Sprintf("there is no component %q", component), Hint: "see `homeostat component list`"}
	}
	if err := d.app.healer.SetOwnMode(component, policy.Own{Mode: policy.Mode(own.Mode), Wins: own.Wins}, api.Actor(ctx)); err != nil {
		return &api.Problem{Status: http.StatusConflict, Detail: err.Error()}
	}
	return nil
}

// Plugins lists plugins by name.
func (d daemonService) Plugins() []api.Plugin {
	list := []api.Plugin{}
	for _, p := range d.app.plugins.Status() {
		list = append(list, api.Plugin{
			Name: p.Name, Kind: string(p.Kind), Version: p.Version, State: string(p.State), PID: p.PID,
			Restarts: p.Restarts, LastError: p.LastError, Since: p.Since, Features: p.Features,
			Learning: d.app.learners.of(p.Name),
		})
	}
	return list
}

// corrector hands marks to detectors.
type corrector struct{ plugins *plugin.Host }

func (c corrector) Feedback(ctx context.Context, detector string, m sdk.Mark) (string, error) {
	for _, d := range c.plugins.Detectors() {
		if d.Name() != detector {
			continue
		}
		err := d.Feedback(ctx, m)
		if errors.Is(err, plugin.ErrUnsupported) {
			return "", &api.Problem{Status: http.StatusConflict, Detail: fmt.Sprintf("detector %q does not learn from marks", detector)}
		}
		if err != nil {
			return "", err
		}
		// The mark is taken; that the detector cannot explain itself is no failure.
		learned, _ := d.Explain(ctx, m.Anomaly.Component)
		return learned, nil
	}
	return "", &api.Problem{Status: http.StatusConflict, Detail: fmt.Sprintf("detector %q does not run, so it cannot learn from this", detector), Hint: "see `homeostat plugin list`"}
}

type signalService struct{ app *App }

// Signals lists the newest samples of one component, or of all for "".
func (s signalService) Signals(component string) []api.Signal {
	names := []string{component}
	if component == "" {
		names = []string{sdk.HostComponent}
		for _, c := range s.app.current().Components {
			names = append(names, string(c.Name))
		}
	}
	list := []api.Signal{}
	for _, name := range names {
		for _, l := range s.app.observer.Signals(name) {
			list = append(list, api.Signal{
				Component: l.Component, Name: l.Signal.Name, Unit: l.Signal.Unit, Kind: l.Signal.Kind, Range: l.Signal.Range,
				Last: l.Value, At: l.At,
			})
		}
	}
	return list
}

type auditService struct{ app *App }

// Records lists audit records; from 0 means the newest.
func (s auditService) Records(from uint64, limit int) ([]api.AuditRecord, error) {
	read := func() ([]journal.Record, error) { return s.app.audit.Records(from, limit) }
	if from == 0 {
		read = func() ([]journal.Record, error) { return s.app.audit.Tail(limit) }
	}
	records, err := read()
	if err != nil {
		return nil, err
	}
	return auditRecords(records), nil
}

func auditRecords(records []journal.Record) []api.AuditRecord {
	list := make([]api.AuditRecord, len(records))
	for i, r := range records {
		list[i] = api.AuditRecord{Seq: r.Seq, Time: r.Time, Actor: r.Actor, Kind: r.Kind, Fields: r.Fields, Hash: r.Hash}
	}
	return list
}

// Search looks for records, the newest first.
func (s auditService) Search(q trail.Query) (api.List[api.AuditRecord], error) {
	found, err := s.app.audit.Search(journal.Query{Kind: q.Kind, About: q.About, Before: q.Cursor, Limit: q.Limit})
	if err != nil {
		return api.List[api.AuditRecord]{}, err
	}
	list := api.NewList(auditRecords(found.Records))
	if found.Rest > 0 {
		list.Next = strconv.FormatUint(found.Rest, 10)
	}
	return list, nil
}

type tokenService struct{ app *App }

// Lookup resolves a bearer token.
func (s tokenService) Lookup(text string) (api.Identity, bool) {
	t, ok := s.app.tokens.Check(text, time.Now())
	if !ok {
		return api.Identity{}, false
	}
	return identity(t)
}

// tokenPrefix begins the names of those who showed a token.
const tokenPrefix = "token:"

func identity(t token.Token) (api.Identity, bool) {
	role, err := api.ParseRole(t.Role)
	return api.Identity{Name: tokenPrefix + t.ID, Role: role}, err == nil
}

// Known finds whose token a name stands for.
func (s tokenService) Known(name string) (api.Identity, bool) {
	id, ok := strings.CutPrefix(name, tokenPrefix)
	if !ok {
		return api.Identity{}, false
	}
	t, ok := s.app.tokens.Find(id, time.Now())
	if !ok {
		return api.Identity{}, false
	}
	return identity(t)
}

// CreateToken makes a token.
func (s tokenService) CreateToken(ctx context.Context, name, role string, life time.Duration) (api.NewToken, error) {
	text, t, err := s.app.tokens.Create(name, role, time.Now(), life)
	if err != nil {
		return api.NewToken{}, err
	}
	err = s.app.record(api.Actor(ctx), "token.create", map[string]any{"id": t.ID, "name": name, "role": role})
	return api.NewToken{TokenInfo: tokenInfo(t), Token: text}, err
}

// ListTokens lists tokens without their secrets.
func (s tokenService) ListTokens() []api.TokenInfo {
	list := []api.TokenInfo{}
	for _, t := range s.app.tokens.List() {
		list = append(list, tokenInfo(t))
	}
	return list
}

func tokenInfo(t token.Token) api.TokenInfo {
	info := api.TokenInfo{ID: t.ID, Name: t.Name, Role: t.Role, Created: t.Created}
	if !t.Expires.IsZero() {
		info.Expires = &t.Expires
	}
	return info
}

// RevokeToken removes a token.
func (s tokenService) RevokeToken(ctx context.Context, id string) error {
	err := s.app.tokens.Revoke(id)
	if errors.Is(err, token.ErrUnknown) {
		return &api.Problem{Status: http.StatusNotFound, Detail: err.Error(), Hint: "see `homeostat token list`"}
	}
	if err != nil {
		return err
	}
	return s.app.record(api.Actor(ctx), "token.revoke", map[string]any{"id": id})
}

// Verify reads the whole log.
func (s auditService) Verify() (api.AuditReport, error) {
	r, err := s.app.audit.Verify()
	if err != nil {
		return api.AuditReport{}, err
	}
	out := api.AuditReport{OK: r.Broken == nil, Records: int(r.Records)}
	if r.Broken != nil {
		out.Problem = r.Broken.Error()
	}
	return out, nil
}

// Samples reads a signal's history.
func (s signalService) Samples(component, name string, from, to time.Time) (api.Samples, error) {
	out := api.Samples{Component: component, Name: name, Times: []int64{}, Values: []float64{}}
	found, err := s.app.metrics.Series(context.Background(), history.Query{Component: component, Name: name, From: from, To: to})
	if err != nil {
		return out, err
	}
	for _, series := range found {
		out.Times, out.Values = append(out.Times, series.Times...), append(out.Values, series.Values...)
	}
	return out, nil
}
