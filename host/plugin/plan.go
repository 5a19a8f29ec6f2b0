package plugin

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/plugin/logsink"
	"github.com/homeostat/homeostat/host/plugin/supervisor"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/wire"
)

// plan is one change of the set of plugins.
type plan struct {
	host *Host
	// next is the whole set after the change, fresh the part that is to be
	// started, old the part that is to be ended.
	next  []*running
	fresh []*running
	old   []*running
}

// plan verifies and copies every program that is new or changed. On an error
// the plan holds what was opened so far.
func (h *Host) plan(specs []Spec) (*plan, error) {
	p := &plan{host: h}
	h.mu.RLock()
	present := slices.Clone(h.running)
	h.mu.RUnlock()
	kept := map[*running]bool{}
	var errs []error
	for _, spec := range specs {
		r, err := p.add(spec.withDefaults(), present)
		if err != nil && spec.OnStartError == Ignore {
			h.options.Log.Warn("plugin is left out, as its on_start_error says", "error", err)
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		kept[r] = true
	}
	for _, r := range present {
		if !kept[r] {
			p.old = append(p.old, r)
		}
	}
	slices.SortFunc(p.next, func(a, b *running) int { return strings.Compare(a.spec.Name, b.spec.Name) })
	return p, errors.Join(errs...)
}

func (p *plan) add(spec Spec, present []*running) (*running, error) {
	program, err := p.host.store.Take(spec.Path, spec.SHA256)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", spec.Name, err)
	}
	for _, r := range present {
		if r.spec.equal(spec) && r.program.SHA256 == program.SHA256 && r.supervisor.Status().State != supervisor.Refused {
			_ = program.File.Close()
			p.next = append(p.next, r)
			return r, nil
		}
	}
	r := &running{spec: spec, program: program}
	p.host.equip(r)
	p.next = append(p.next, r)
	p.fresh = append(p.fresh, r)
	return r, nil
}

// equip gives a plugin its supervisor and its judge.
func (h *Host) equip(r *running) {
	log := h.options.Log.Named(r.spec.Name)
	r.judge = &judge{log: log}
	r.supervisor = supervisor.New(supervisor.Options{
		Launch: supervisor.Launch{
			Name: r.spec.Name, Program: r.program.File, Identity: h.identity, Memory: r.spec.Memory,
			Sockets: h.sockets, LogLevel: log.GetLevel(), Output: logsink.New(log),
		},
		Kind: r.spec.Kind, TOML: r.spec.ConfigTOML, Seed: seedOf(r.spec.Name),
		StartTimeout: r.spec.StartTimeout, CallTimeout: r.spec.CallTimeout, Timing: h.options.Timing,
		States: h.store, Log: log, Changed: func(c supervisor.Change) { h.report(r.spec, c) },
	})
}

// seedOf gives each plugin the same seed at every start, so that a run can be
// repeated.
func seedOf(name string) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(name))
	return sum.Sum64()
}

// report tells the sink when a detector becomes blind or sees again.
func (h *Host) report(spec Spec, c supervisor.Change) {
	if spec.Kind != wire.KindDetector || spec.OnStartError == Ignore {
		return
	}
	event := sdk.Event{Time: c.At, Component: ComponentPrefix + spec.Name, Type: sdk.EventPluginSeeing, PID: c.PID, Text: c.Why}
	if !c.Seeing {
		event.Type = sdk.EventPluginBlind
	}
	h.options.Sink(event)
}

// start starts the fresh plugins. It fails when one of them must not fail, or
// when one is refused while others were running: then the present set is
// better.
func (p *plan) start(ctx context.Context) error {
	reload := len(p.old) > 0 || len(p.next) > len(p.fresh)
	for _, r := range p.predecessors() {
		r.supervisor.SaveNow()
	}
	errs := make([]error, len(p.fresh))
	together(p.fresh, func(r *running) {
		err := r.supervisor.Start(ctx)
		var refusal *supervisor.Refusal
		mustNotFail := r.spec.OnStartError == Fail || reload && errors.As(err, &refusal) || ctx.Err() != nil
		if err != nil && mustNotFail {
			errs[slices.Index(p.fresh, r)] = fmt.Errorf("start plugin %s: %w", r.spec.Name, err)
		}
	})
	return errors.Join(errs...)
}

// predecessors are the old plugins whose state a fresh one takes over.
func (p *plan) predecessors() []*running {
	return slices.DeleteFunc(slices.Clone(p.old), func(r *running) bool { return !p.replaced(r) })
}

func (p *plan) replaced(old *running) bool {
	return slices.ContainsFunc(p.fresh, func(r *running) bool { return r.spec.Name == old.spec.Name })
}

// retire ends the old plugins.
func (p *plan) retire() {
	together(p.old, func(r *running) {
		if p.replaced(r) {
			r.supervisor.Replace()
			_ = r.program.File.Close()
			return
		}
		r.stop()
	})
}

// discard ends the fresh plugins of a plan that failed. Their state is not
// saved: the present ones own it.
func (p *plan) discard() {
	together(p.fresh, func(r *running) {
		r.supervisor.Replace()
		_ = r.program.File.Close()
	})
}
