package heal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

// dispatch starts questions at once and queues what has to keep its order. The
// caller holds the lock; nothing here calls out or waits.
func (h *Healer) dispatch(effects []effect.Effect) {
	ordered := make([]effect.Effect, 0, len(effects))
	for _, e := range effects {
		switch e := e.(type) {
		case effect.Confirm:
			h.question(func(ctx context.Context) { h.confirm(ctx, e) })
		case effect.Ask:
			h.question(func(ctx context.Context) { h.ask(ctx, e) })
		case effect.Trace:
			h.question(func(ctx context.Context) { h.trace(ctx, e) })
		case effect.Learn:
			h.question(func(ctx context.Context) { h.learn(ctx, e) })
		case effect.Act, effect.Undo:
			if !h.closing {
				ordered = append(ordered, e)
			}
		case effect.Save:
			h.kept.put(e.Incident)
			ordered = append(ordered, e)
		default:
			ordered = append(ordered, e)
		}
	}
	h.work.push(ordered)
}

// question spawns f unless Run is ending.
func (h *Healer) question(f func(context.Context)) {
	if ctx := h.life; !h.closing {
		h.work.spawn(func() { f(ctx) })
	}
}

// carry carries one step's ordered effects out. An action whose intent could
// not be made durable is not begun.
func (h *Healer) carry(ctx context.Context, batch []effect.Effect) {
	var unsaved error
	for _, e := range batch {
		switch e := e.(type) {
		case effect.Save:
			unsaved = orFirst(unsaved, h.save(ctx, e))
			h.scores.put(e.Incident)
			h.judge(e.Incident)
			h.tryOut(ctx, e.Incident)
		case effect.SaveState:
			unsaved = orFirst(unsaved, h.put(ctx, kindState, idState, e.State))
			h.opt.Publish("maintenance", e.State.Maintenance)
		case effect.Audit:
			unsaved = orFirst(unsaved, h.audit(e))
		case effect.Publish:
			h.opt.Publish(e.Topic, e.Item)
		case effect.Act:
			h.begin(ctx, e, unsaved)
		case effect.Undo:
			// Done even when that could not be written down: the way back is safe.
			h.work.spawn(func() { h.undo(ctx, e) })
		}
	}
}

func orFirst(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (h *Healer) audit(e effect.Audit) error {
	err := h.opt.Audit(e.Kind, e.Fields)
	if err != nil {
		h.opt.Log.Error("the audit log could not be written", "kind", e.Kind, "error", err)
	}
	return err
}

func (h *Healer) save(ctx context.Context, e effect.Save) error {
	inc := e.Incident
	err := h.put(ctx, kindIncident, inc.ID, inc)
	for _, n := range e.News {
		h.opt.Log.Info("incident", "id", inc.ID, "component", inc.Component, "state", n.State, "severity", inc.Severity, "text", n.Text)
	}
	h.opt.Publish("incident", inc)
	if n := len(inc.Recoveries); n > 0 {
		h.opt.Publish("recovery", inc.Recoveries[n-1])
	}
	return err
}

// put saves even while Run is ending: the store's own limits bound the wait.
func (h *Healer) put(ctx context.Context, kind, id string, value any) error {
	doc, err := json.Marshal(value)
	if err == nil {
		err = h.opt.Store.Put(context.WithoutCancel(ctx), kind, id, doc, time.Now())
	}
	if err != nil {
		h.opt.Log.Error("healing could not be saved", "kind", kind, "id", id, "error", err)
	}
	return err
}

// confirm looks at all components at the same time.
func (h *Healer) confirm(ctx context.Context, e effect.Confirm) {
	ctx, cancel := context.WithTimeout(ctx, h.opt.ConfirmTimeout)
	defer cancel()
	type answer struct {
		name    string
		verdict sdk.Verdict
	}
	answers := make(chan answer, len(e.Components))
	for _, name := range e.Components {
		h.work.spawn(func() { answers <- answer{name, h.verdict(ctx, name)} })
	}
	verdicts := make(map[string]sdk.Verdict, len(e.Components))
	for len(verdicts) < len(e.Components) {
		select {
		case a := <-answers:
			verdicts[a.name] = a.verdict
		case <-ctx.Done():
			for _, name := range e.Components {
				if _, known := verdicts[name]; !known {
					verdicts[name] = sdk.Inconclusive
				}
			}
		}
	}
	_ = h.step(machine.Confirmed{Ticket: e.Ticket, Verdicts: verdicts}) // late answers are dropped
}

// verdict joins the probes' answer with the state: a component without probes
// that runs is healthy as far as anyone can know.
func (h *Healer) verdict(ctx context.Context, name string) sdk.Verdict {
	v := h.opt.Prober.Confirm(ctx, name)
	status, ok := h.opt.Prober.Status(name)
	if v == sdk.Inconclusive && ok && len(status.Probes) == 0 && status.State == sdk.StateUp {
		return sdk.Pass
	}
	return v
}

// begin starts an action in a goroutine of its own, journalled before.
func (h *Healer) begin(ctx context.Context, e effect.Act, unsaved error) {
	if unsaved != nil {
		h.work.spawn(func() {
			_ = h.step(machine.Acted{Ticket: e.Ticket, Index: e.Index, NotBegun: true, Err: "not begun, because the intent could not be written down: " + unsaved.Error()})
		})
		return
	}
	h.work.spawn(func() { h.act(ctx, e) })
}

func (h *Healer) act(ctx context.Context, e effect.Act) {
	out := machine.Acted{Ticket: e.Ticket, Index: e.Index}
	ctx, cancel := context.WithTimeout(ctx, h.opt.ActTimeout)
	defer cancel()
	text, receipt, err := h.opt.Actor.Do(ctx, orderKey(e.Recovery, e.Index), e.Action, fmt.Sprintf("%s (%s): %s", e.Recovery, e.Incident, e.Reason))
	if err != nil {
		out.Err = fmt.Sprintf("%s %s: %v", e.Action.Kind(), e.Action.Target(), err)
		text = out.Err
	}
	out.Receipt, out.Step = receipt, record.Step{At: time.Now(), Text: text}
	if status, ok := h.opt.Prober.Status(e.Component); ok {
		out.Generation, out.Down = status.Generation, status.State == sdk.StateDown
	}
	_ = h.step(out)
}

// orderKey names an order, over all lives of the daemon.
func orderKey(recovery string, index int) string { return fmt.Sprintf("%s/%d", recovery, index) }

func (h *Healer) trace(ctx context.Context, e effect.Trace) {
	ctx, cancel := context.WithTimeout(ctx, h.opt.ActTimeout)
	defer cancel()
	found := h.opt.Actor.Trace(ctx, Order{Key: orderKey(e.Recovery, e.Index), Action: e.Action, Since: e.Since})
	out := machine.Traced{Acted: machine.Acted{Ticket: e.Ticket, Index: e.Index}, Fate: found}
	if status, ok := h.opt.Prober.Status(e.Component); ok {
		out.Generation, out.Down = status.Generation, status.State == sdk.StateDown
	}
	_ = h.step(out)
}

func (h *Healer) undo(ctx context.Context, e effect.Undo) {
	ctx, cancel := context.WithTimeout(ctx, h.opt.ActTimeout)
	defer cancel()
	out := machine.Undone{Ticket: e.Ticket, Index: e.Index}
	text, err := h.opt.Actor.Undo(ctx, e.Action, e.Receipt, fmt.Sprintf("%s (%s): %s", e.Recovery, e.Incident, e.Reason))
	if err != nil {
		out.Err = fmt.Sprintf("%s %s could not be taken back: %v", e.Action.Kind(), e.Action.Target(), err)
		text = out.Err
	}
	out.Step = record.Step{At: time.Now(), Text: text}
	_ = h.step(out)
}
