package change

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/risk"
	"github.com/homeostat/homeostat/host/change/txn"
	"github.com/homeostat/homeostat/host/refusal"
	"github.com/homeostat/homeostat/host/screen"
)

// preflight asks everything that can refuse a change before it costs anything, and names all that does.
func (r *run) preflight(ctx context.Context) outcome {
	list, err := r.look(ctx)
	if err != nil {
		return outcome{verdict: record.Fail, text: err.Error(), end: record.Refused}
	}
	list = append(list, r.p.reserve(r)...)
	if len(list) > 0 {
		list = append(list, r.checkGates()...)
		return r.refuse(list)
	}
	if list, err = r.admit(); err != nil {
		return outcome{verdict: record.Fail, text: err.Error(), end: record.Failed}
	}
	if len(list) > 0 {
		return r.refuse(list)
	}
	return r.cleared()
}

// preflightDry asks the same and counts nothing.
func (r *run) preflightDry(ctx context.Context) outcome {
	list, err := r.look(ctx)
	if err != nil {
		return outcome{verdict: record.Fail, text: err.Error(), end: record.Refused}
	}
	list = append(append(list, r.p.occupied(r)...), r.checkGates()...)
	if len(list) > 0 {
		out := r.refuse(list)
		out.end = "" // the other stages say what they would do all the same
		return out
	}
	return r.cleared()
}

// look resolves the candidate anew and judges what belongs to no gate: bases, health, risk.
func (r *run) look(ctx context.Context) (refusal.List, error) {
	var err error
	if r.resolved, err = r.candidate.Resolve(r.root.Path); err != nil {
		return nil, err
	}
	risk.Describe(&r.rec, r.resolved)
	r.screen(ctx)
	var list refusal.List
	for _, moved := range r.resolved.Moved() {
		list = append(list, risk.Moved(moved))
	}
	onFiles, err := r.askFiles(len(list) > 0)
	if err != nil {
		return nil, err
	}
	list = append(list, onFiles...)
	list = append(list, r.checkOwn()...)
	off := r.p.gates.IsOff(time.Now())
	if r.rec.Risk == record.RiskCritical && !off {
		list = append(list, risk.Refuse(r.rec.Reasons))
	}
	return append(list, r.askHealth(ctx, off)...), nil
}

// askFiles names what applying would refuse: paths that lead out, devices, hard links, mount points and the like. Files that
// moved under the author are not named twice.
func (r *run) askFiles(moved bool) (refusal.List, error) {
	err := r.p.opt.Files.Check(r.transaction())
	var list refusal.List
	if !errors.As(err, &list) {
		return nil, err
	}
	return slices.DeleteFunc(list, func(one refusal.Refusal) bool { return moved && one.Rule == "base.changed" }), nil
}

// transaction is the change as it is applied.
func (r *run) transaction() txn.Change {
	return txn.Change{ID: r.rec.ID, Root: r.root.Path, Ops: r.resolved.Ops, Watch: r.root.Watch, Label: own.Label(r.root.Name)}
}

// askHealth refuses on an unhealthy host, except for what is to bring health back.
func (r *run) askHealth(ctx context.Context, off bool) refusal.List {
	report := r.p.opt.World.Health(ctx)
	var one refusal.Refusal
	switch err := report.Refusal(); {
	case errors.As(err, &one) && (r.rec.Origin.Mends() || off):
		r.warn(one.Error())
	case errors.As(err, &one):
		return refusal.List{one}
	case report.Warning() != "":
		r.warn(report.Warning())
	}
	return nil
}

func (r *run) warn(text string) { r.rec.Warnings = append(r.rec.Warnings, text) }

func (r *run) subject() gate.Subject {
	return gate.Subject{By: r.rec.By, Root: r.rec.Root, Component: r.rec.Component}
}

func (r *run) asked() gate.Asked { return gate.Asked{Key: r.rec.Key, Context: r.rec.Context} }

// checkGates names the gates that would refuse, and counts nothing.
func (r *run) checkGates() refusal.List {
	now := time.Now()
	if r.rec.Origin.Mends() {
		return nil
	}
	list := r.p.gates.Check(now, r.subject(), r.asked())
	if !r.p.gates.IsOff(now) {
		return list
	}
	for _, one := range list {
		r.warn("the gates are switched off; " + one.Error())
	}
	return nil
}

// admit takes the permission of the gates.
func (r *run) admit() (refusal.List, error) {
	if r.rec.Origin.Mends() {
		r.pass = gate.Exempt(r.subject())
		return nil, nil
	}
	pass, refused, warnings, err := r.p.gates.Admit(time.Now(), r.subject(), r.asked())
	if err != nil || len(refused) > 0 {
		return refused, err
	}
	r.pass, r.admitted = pass, true
	for _, one := range warnings {
		r.warn("the gates are switched off; " + one.Error())
	}
	return nil, nil
}

func (r *run) refuse(list refusal.List) outcome {
	r.rec.Refusals = list
	rules := make([]string, len(list))
	details := make([]string, len(list))
	for i, one := range list {
		rules[i], details[i] = one.Rule, one.Error()
	}
	return outcome{verdict: record.Fail, text: "refused by " + strings.Join(rules, ", "), details: details, end: record.Refused}
}

func (r *run) cleared() outcome {
	out := passed("no gate refuses; risk " + string(r.rec.Risk))
	for _, reason := range r.rec.Reasons {
		out.details = append(out.details, fmt.Sprintf("%s: %s:%d %s (%s)", reason.Rule, reason.Path, reason.Line, reason.Text, reason.Risk))
	}
	if len(r.rec.Warnings) > 0 {
		out.verdict = record.Warned
		out.details = append(out.details, r.rec.Warnings...)
	}
	return out
}

// release is the undo of preflight: the permission comes back uncounted, unless the end of the change has counted it.
func (r *run) release(context.Context) error { return nil }

// screen judges the risk by what the change does, its size, and how often its author changes things.
func (r *run) screen(ctx context.Context) {
	limits := r.p.opt.Settings().Limits
	risk.Judge(&r.rec, screen.Change{Root: r.root.Path, Limits: limits, Recent: r.recent(ctx, limits.Window)}, r.resolved.Changes)
}

// recent counts the changes of the same author within a window, this one among them.
func (r *run) recent(ctx context.Context, window time.Duration) int {
	list, err := r.p.Changes(ctx, recentMax)
	if err != nil {
		r.warn("how often the author changes things is not known: " + err.Error())
	}
	count, since := 1, time.Now().Add(-window)
	for _, o := range list {
		if o.By == r.rec.By && o.ID != r.rec.ID && o.Applied != nil && o.Applied.After(since) {
			count++
		}
	}
	return count
}

// recentMax is how many changes are looked at for their frequency.
const recentMax = 200
