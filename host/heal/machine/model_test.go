package machine

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/heal/effect"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/host/heal/remedy"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// model drives a machine with whatever may happen, in any order, and holds it
// to what must always be true.
type model struct {
	m   *Machine
	now time.Time
	// open questions that the host has still to answer.
	confirms []effect.Confirm
	asks     []effect.Ask
	acts     []effect.Act
	undos    []effect.Undo
	// approved are the approvals that were answered with yes, by hash.
	acted map[string]int // recovery → number of Act effects
}

var parts = []string{"store", "web", "api", "job", "lone"}

func modelSettings(mode policy.Mode) Settings {
	return Settings{Mode: mode, Components: []Component{
		{Name: "store", WarmUp: time.Minute}, {Name: "web", DependsOn: []string{"store"}}, {Name: "api", DependsOn: []string{"web"}},
		{Name: "job", Mode: policy.Own{Mode: policy.Manual}}, {Name: "lone"},
	}}
}

func (md *model) step(t *rapid.T, in Input) {
	effects, err := md.m.Step(md.now, in)
	var refusal *Refusal
	if err != nil && !errors.As(err, &refusal) {
		t.Fatalf("%T: %v is no refusal", in, err)
	}
	for i, e := range effects {
		switch e := e.(type) {
		case effect.Confirm:
			md.confirms = append(md.confirms, e)
		case effect.Ask:
			md.asks = append(md.asks, e)
		case effect.Act:
			md.checkAct(t, effects[:i], e)
			md.acts = append(md.acts, e)
		case effect.Undo:
			md.undos = append(md.undos, e)
		}
	}
	md.check(t)
}

// checkAct wants the intent saved and audited in the same step, no action in
// a mode or a window that forbids it, and each recovery carried out once.
func (md *model) checkAct(t *rapid.T, before []effect.Effect, e effect.Act) {
	if e.Index > 0 { // its intent was saved with the first
		audited := md.acted[fmt.Sprint(e.Recovery, "/", e.Index-1)]
		if audited == 0 {
			t.Fatalf("%s: action %d before the one ahead of it", e.Recovery, e.Index)
		}
		md.acted[fmt.Sprint(e.Recovery, "/", e.Index)]++
		return
	}
	saved, audited := false, false
	for _, b := range before {
		switch b := b.(type) {
		case effect.Save:
			rec := b.Incident.Running()
			saved = saved || b.Incident.ID == e.Incident && rec != nil && rec.ID == e.Recovery
		case effect.Audit:
			audited = audited || b.Kind == "recovery_started" && b.Fields["recovery"] == e.Recovery
		}
	}
	if !saved || !audited {
		t.Fatalf("%s is ordered before it is saved (%v) and audited (%v)", e.Recovery, saved, audited)
	}
	key := fmt.Sprint(e.Recovery, "/", e.Index)
	if md.acted[key]++; md.acted[key] > 1 {
		t.Fatalf("%s is carried out %d times", key, md.acted[key])
	}
	rec := md.m.find(e.Incident).Running()
	mode := policy.Effective(md.m.Mode(), md.m.components[e.Component].Mode)
	if (mode == policy.Manual || mode == policy.Learning) && rec.ApprovedBy == "" {
		t.Fatalf("%s acts unasked in mode %s", e.Recovery, mode)
	}
	if md.m.quiet.InMaintenance(e.Component, md.now) {
		t.Fatalf("%s acts during maintenance", e.Recovery)
	}
}

// check is what holds after every step.
func (md *model) check(t *rapid.T) {
	busy, owner := 0, map[string]string{}
	for _, inc := range md.m.open {
		if inc.Phase == record.PhaseResolved {
			t.Fatalf("%s is resolved and still open", inc.ID)
		}
		if inc.Phase.Busy() {
			busy++
		}
		if inc.State != inc.Phase.State() {
			t.Fatalf("%s shows %s in phase %s", inc.ID, inc.State, inc.Phase)
		}
		if other := owner[inc.Component]; other != "" {
			t.Fatalf("%s is the cause of %s and %s", inc.Component, other, inc.ID)
		}
		owner[inc.Component] = inc.ID
		running := slices.Contains([]record.Phase{record.PhaseActing, record.PhaseVerifying, record.PhaseHolding, record.PhaseUndoing}, inc.Phase)
		if (inc.Running() != nil) != running {
			t.Fatalf("%s has a running recovery: %v, in phase %s", inc.ID, inc.Running() != nil, inc.Phase)
		}
		if (inc.Pending() != nil) && inc.Phase != record.PhaseApproval && !inc.Phase.Busy() && inc.Phase != record.PhaseIdle {
			t.Fatalf("%s has a question pending in phase %s", inc.ID, inc.Phase)
		}
		timed := inc.Phase == record.PhaseWaiting || inc.Phase == record.PhaseHolding || inc.Phase == record.PhaseVerifying
		if timed && inc.due(time.Second).IsZero() {
			t.Fatalf("%s waits for ever in phase %s", inc.ID, inc.Phase)
		}
	}
	if busy > 3 {
		t.Fatalf("%d incidents are worked on at once, at most 3 are allowed", busy)
	}
	if next := md.m.Next(); !next.IsZero() && !next.After(md.m.now) {
		t.Fatalf("the next step is due at %v, which is not after now, %v: the loop would spin", next, md.m.now)
	}
}

// report lets a detector say something of a component.
func (md *model) report(t *rapid.T) {
	name := rapid.SampledFrom(parts).Draw(t, "component")
	kind := rapid.SampledFrom([]string{sdk.AnomalyExit, sdk.AnomalyProbe, sdk.AnomalyThreshold}).Draw(t, "kind")
	md.step(t, Report{Detector: "health", Component: name, At: md.now, Anomalies: []sdk.Anomaly{{
		Key: kind, Kind: kind, Start: md.now, Severity: sdk.Severity(rapid.IntRange(1, 4).Draw(t, "severity")),
		Ended: rapid.Bool().Draw(t, "ended"), TTL: time.Hour, Summary: name + " " + kind,
	}}})
}

// answer answers one question, in time or late.
func (md *model) answer(t *rapid.T) {
	switch {
	case len(md.acts) > 0 && rapid.Bool().Draw(t, "act"):
		a := take(t, &md.acts)
		out := Acted{Ticket: a.Ticket, Index: a.Index, Receipt: rapid.SampledFrom([]string{"", "r"}).Draw(t, "receipt"), Down: rapid.Bool().Draw(t, "down"), NotBegun: rapid.IntRange(0, 9).Draw(t, "unwritten") == 0}
		if out.NotBegun || rapid.IntRange(0, 3).Draw(t, "works") == 0 {
			out.Err = "it did not work"
		}
		md.step(t, out)
	case len(md.undos) > 0 && rapid.Bool().Draw(t, "undo"):
		u := take(t, &md.undos)
		md.step(t, Undone{Ticket: u.Ticket, Index: u.Index, Err: rapid.SampledFrom([]string{"", "it is stuck"}).Draw(t, "undone")})
	case len(md.asks) > 0 && rapid.Bool().Draw(t, "ask"):
		md.step(t, md.proposal(t, take(t, &md.asks)))
	case len(md.confirms) > 0:
		c := take(t, &md.confirms)
		verdicts := map[string]sdk.Verdict{}
		for _, name := range c.Components {
			verdicts[name] = sdk.Verdict(rapid.IntRange(0, 2).Draw(t, "verdict"))
		}
		md.step(t, Confirmed{Ticket: c.Ticket, Verdicts: verdicts})
	}
}

func take[T any](t *rapid.T, list *[]T) T {
	n := rapid.IntRange(0, len(*list)-1).Draw(t, "which")
	out := (*list)[n]
	*list = slices.Delete(*list, n, n+1)
	return out
}

// proposal is what any strategy might say, a hostile one included.
func (md *model) proposal(t *rapid.T, a effect.Ask) Proposed {
	name := rapid.SampledFrom(append([]string{a.Incident.Component}, parts...)).Draw(t, "target")
	actions := map[string][]sdk.Action{
		"nothing": nil, "restart": {sdk.Restart{Component: name}}, "stop": {sdk.Stop{Component: name}},
		"wait": {sdk.Wait{Component: name, For: time.Minute}}, "hand over": {sdk.HandOver{Component: name}},
		"both": {sdk.Stop{Component: name}, sdk.Start{Component: name}},
	}
	kind := rapid.SampledFrom(sortedKeys(actions)).Draw(t, "proposal")
	p := Proposed{Ticket: a.Ticket, Strategy: "any", Proposal: sdk.Proposal{Actions: actions[kind], Reason: kind}, Reasons: []string{"none"}}
	if rapid.IntRange(0, 4).Draw(t, "later") == 0 {
		p.Proposal.NotBefore = md.now.Add(time.Minute)
	}
	p.Targets = remedy.Targets(p.Proposal)
	p.Proposal.Probing = rapid.IntRange(0, 4).Draw(t, "probing") == 0
	return p
}

func (md *model) person(t *rapid.T) {
	var ids []string
	for _, inc := range md.m.Incidents() {
		for _, a := range inc.Approvals {
			ids = append(ids, a.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(t, "approval")
	if rapid.Bool().Draw(t, "yes") {
		md.step(t, Approve{ID: id, By: "ann"})
		return
	}
	md.step(t, Reject{ID: id, By: "ann", Reason: "no"})
}

func (md *model) event(t *rapid.T) {
	kind := rapid.SampledFrom([]sdk.EventType{sdk.EventStopping, sdk.EventStopped, sdk.EventReady}).Draw(t, "event")
	md.step(t, Happened{Event: sdk.Event{Component: rapid.SampledFrom(parts).Draw(t, "of"), Type: kind, Time: md.now}})
}

func (md *model) maintenance(t *rapid.T) {
	if open := md.m.Maintenance(); len(open) > 0 {
		md.step(t, EndMaintenance{ID: open[0].ID, By: "ann"})
		return
	}
	md.step(t, StartMaintenance{Window: record.Maintenance{
		ID: fmt.Sprint("mnt_", md.now.UnixNano()), Component: rapid.SampledFrom(append(parts, "")).Draw(t, "in"), End: md.now.Add(5 * time.Minute),
	}})
}

// reboot saves everything, as the flushes did, and begins again.
func (md *model) reboot(t *rapid.T) {
	docs := md.m.Incidents()
	slices.Reverse(docs)
	state := effect.State{Mode: md.m.Mode(), Maintenance: md.m.Maintenance()}
	md.m = New(modelSettings(policy.Automated))
	md.confirms, md.asks, md.acts, md.undos = nil, nil, nil, nil
	md.step(t, Restore{State: state, Incidents: docs})
}

func TestMachineKeepsItsRulesWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom([]policy.Mode{policy.Automated, policy.Supervised, policy.Manual, policy.Learning}).Draw(t, "mode")
		md := &model{m: New(modelSettings(mode)), now: time.Unix(1_700_000_000, 0), acted: map[string]int{}}
		t.Repeat(map[string]func(*rapid.T){
			"report": md.report, "report again": md.report, "answer": md.answer, "answer again": md.answer, "answer more": md.answer,
			"person": md.person, "event": md.event, "maintenance": md.maintenance, "reboot": md.reboot,
			"time passes": func(t *rapid.T) {
				md.now = md.now.Add(time.Duration(rapid.IntRange(1, 900_000).Draw(t, "ms")) * time.Millisecond)
				md.step(t, nil)
			},
			"mode": func(t *rapid.T) {
				md.step(t, SetMode{Mode: rapid.SampledFrom([]policy.Mode{policy.Automated, policy.Manual}).Draw(t, "to"), By: "ann"})
			},
			"reload": func(t *rapid.T) { md.step(t, Configure{Settings: modelSettings(policy.Automated)}) },
		})
	})
}
