package heal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/act"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/heal/storm"
	"github.com/homeostat/homeostat/sdk"
)

// hostile proposes whatever comes to its mind: strangers' components, roots and
// changes, undeclared commands, nonsense values, floods, silence.
type hostile struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func (*hostile) Name() string                             { return "hostile" }
func (*hostile) Learn(context.Context, sdk.Outcome) error { return errors.New("no") }

func (h *hostile) pick(list ...string) string { return list[h.rng.IntN(len(list))] }

func (h *hostile) number() float64 {
	return []float64{16, 32, 65, -1, 1e300, math.NaN(), math.Inf(1)}[h.rng.IntN(7)]
}

func (h *hostile) span() time.Duration {
	return []time.Duration{-1, 0, 1, time.Second, time.Hour, math.MaxInt64}[h.rng.IntN(6)]
}

func (h *hostile) action() sdk.Action {
	who := h.pick("web", "web", "web", "bank", "host", "", "web\x00", strings.Repeat("w", 300))
	switch h.rng.IntN(13) {
	case 0:
		return sdk.Start{Component: who}
	case 1:
		return sdk.Stop{Component: who, Grace: h.span()}
	case 2, 3:
		return sdk.Restart{Component: who, Grace: h.span()}
	case 4:
		return sdk.Reload{Component: who}
	case 5:
		return sdk.SetParameters{Component: who, Values: map[string]sdk.Value{h.pick("workers", "root_password"): {Number: h.number()}}}
	case 6:
		return sdk.SubmitChange{Root: h.pick("web-root", "bank-root", "/", "self"), Files: []sdk.FileChange{{Path: h.pick("a", "../../etc/passwd", ""), Delete: true}}}
	case 7:
		return sdk.RollbackChange{Change: h.pick("mod_web", "mod_bank", "mod_none")}
	case 8:
		return sdk.OpenLink{From: who, To: h.pick("bank", "web")}
	case 9:
		return sdk.RunDeclared{Component: who, Name: h.pick("purge", "rm -rf /", "")}
	case 10:
		return sdk.Wait{Component: who, For: h.span()}
	case 11:
		return sdk.HandOver{Component: who, Message: strings.Repeat("!", h.rng.IntN(2*sdk.MaxText))}
	}
	return nil
}

func (h *hostile) Propose(ctx context.Context, in sdk.Incident) (sdk.Proposal, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch h.rng.IntN(20) {
	case 0:
		return sdk.Proposal{}, errors.New("panic: index out of range")
	case 1:
		<-ctx.Done() // hangs for as long as it may
		return sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}}, nil
	}
	p := sdk.Proposal{Reason: "trust me", Probing: h.rng.IntN(4) == 0, Confidence: []float64{0, 1, math.NaN(), 7}[min(h.rng.IntN(12), 3)%4]}
	if h.rng.IntN(6) > 0 {
		p.Confidence = 1
	}
	if h.rng.IntN(8) == 0 {
		p.NotBefore = in.Now.Add(time.Duration(h.rng.Int64N(int64(time.Minute))))
	}
	for range []int{1, 1, 1, 2, 3, 40}[h.rng.IntN(6)] {
		p.Actions = append(p.Actions, h.action())
	}
	return p, nil
}

// rights is the host beneath the real act.Actor: it notes whatever reaches a
// component, a root or a parameter.
type rights struct {
	w    *world
	mu   sync.Mutex
	done []string
}

func (r *rights) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = append(r.done, what)
}

func (r *rights) order(kind, name string, v sdk.Verdict) (component.Result, error) {
	r.note(kind + " " + name)
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	r.w.parts[name].generation++
	r.w.parts[name].verdict = v
	return component.Result{Text: kind}, nil
}

func (r *rights) Start(_ context.Context, n string, _ component.Order) (component.Result, error) {
	return r.order("start", n, sdk.Fail)
}

func (r *rights) Stop(_ context.Context, n string, _ component.Order) (component.Result, error) {
	return r.order("stop", n, sdk.Fail)
}

func (r *rights) Restart(_ context.Context, n string, _ component.Order) (component.Result, error) {
	return r.order("restart", n, sdk.Fail)
}

func (r *rights) Reload(_ context.Context, n string, _ component.Order) (component.Result, error) {
	return r.order("reload", n, sdk.Fail)
}

func (r *rights) Status(name string) (component.Status, bool) {
	_, ok := r.w.Status(name)
	return component.Status{}, ok
}

func (r *rights) Await(context.Context, string) error { return nil }

func (r *rights) TraceChange(context.Context, string) fate.Fate { return fate.Fate{} }

func (r *rights) TraceRollback(context.Context, string, time.Time) fate.Fate { return fate.Fate{} }

// realHand is the real hand of the host, over rights.
type realHand struct{ *act.Actor }

func (h realHand) Trace(ctx context.Context, o Order) fate.Fate {
	return h.Actor.Trace(ctx, act.Cut(o))
}

var owners = map[string]string{"web-root": "web", "bank-root": "bank", "mod_web": "web", "mod_bank": "bank"}

func (r *rights) Owner(a sdk.Action) string { return owners[a.Target()] }

func (r *rights) CheckChange(c sdk.SubmitChange) error {
	if owners[c.Root] == "" || !filepath.IsLocal(c.Files[0].Path) {
		return errors.New("no such root, or a path outside it")
	}
	return nil
}

func (r *rights) CheckRollback(c sdk.RollbackChange) error {
	if owners[c.Change] == "" {
		return errors.New("no such change")
	}
	return nil
}

func (r *rights) CheckParameters(s sdk.SetParameters) error {
	v, ok := s.Values["workers"]
	if !ok || s.Component != "web" || !(v.Number >= 1 && v.Number <= 64) {
		return errors.New("undeclared or outside its bounds")
	}
	return nil
}

func (r *rights) SubmitChange(_ context.Context, _ string, c sdk.SubmitChange) (string, error) {
	r.note("submit " + c.Root)
	return "mod_web", nil
}

func (r *rights) RollbackChange(_ context.Context, c sdk.RollbackChange, _ string) (string, error) {
	r.note("rollback " + c.Change)
	return "rolled back", nil
}

func (r *rights) SetParameters(_ context.Context, _ string, s sdk.SetParameters, _ string) (string, error) {
	r.note(fmt.Sprintf("set workers to %v of %s", s.Values["workers"].Number, s.Component))
	return "mod_web", nil
}

// allowed is all that may ever reach the host in an incident of the web.
var allowed = []string{
	"start web", "stop web", "restart web", "reload web", "submit web-root", "rollback mod_web", "set workers to 16 of web", "set workers to 32 of web",
}

// TestHostileStrategyDoesNothingOutsideTheRightsOfItsIncident lets strategies
// loose on an incident of the web for two hours each, in every mode.
func TestHostileStrategyDoesNothingOutsideTheRightsOfItsIncident(t *testing.T) {
	acted := 0
	for seed := range uint64(16) {
		mode := modes[seed%4]
		synctest.Test(t, func(t *testing.T) { acted += unleash(t, rand.NewPCG(seed, 1), mode) })
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
	if acted < 40 {
		t.Errorf("only %d acts reached the host, so that the test says little", acted)
	}
}

// FuzzHostileStrategy has the fuzzer write what a hostile strategy proposes: each
// choice is a byte of its script, and the first one the mode.
func FuzzHostileStrategy(f *testing.F) {
	f.Add([]byte("\x00restart the web, and then again"))
	f.Add([]byte("\x01\xff\x00\xff\x00\xff\x00\xff"))
	f.Add([]byte("\x02\x09\x09\x09\x09 run whatever is declared"))
	f.Add([]byte{3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 {
			return
		}
		mode := modes[int(text[0])%len(modes)]
		synctest.Test(t, func(t *testing.T) { unleash(t, &script{text: text[1:], rest: rand.NewPCG(1, 1)}, mode) })
	})
}

var modes = []policy.Mode{policy.Automated, policy.Supervised, policy.Manual, policy.Learning}

// script is a source of choices: the bytes of a text, and chance after its end.
type script struct {
	text []byte
	rest rand.Source
}

// Uint64 spreads the next byte, so that each choice among few depends on it alone.
func (s *script) Uint64() uint64 {
	if len(s.text) == 0 {
		return s.rest.Uint64()
	}
	b := uint64(s.text[0])
	s.text = s.text[1:]
	return b<<56 | b // a choice is made of the highest bits, or of the lowest
}

// unleash returns how many acts reached the host.
func unleash(t *testing.T, choices rand.Source, mode policy.Mode) int {
	w := newWorld(t, "web", "bank")
	r := &rights{w: w}
	mark := filepath.Join(t.TempDir(), "purged")
	purge := map[string]act.Command{"purge": {Command: []string{"/bin/touch", mark}}}
	w.actor = realHand{act.New(r, func(string) map[string]act.Command { return purge }).WithChanges(r)}
	set := automated("web", "bank")
	set.Mode, set.Storm = mode, storm.Limits{Component: 10, Host: 12, Window: 10 * time.Minute}
	set.Quarantine = 20 * time.Second // so that the storm limits are what holds
	w.boot(set, &hostile{rng: rand.New(choices)})
	defer w.halt()
	w.sicken("web")
	for range 24 {
		time.Sleep(5 * time.Minute)
		w.report("web", sdk.AnomalyExit, sdk.SeverityMedium) // evidence ends every rest
	}
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, what := range r.done {
		if !slices.Contains(allowed, what) {
			t.Errorf("mode %s: %q was done", mode, what)
		}
	}
	if (mode == policy.Manual || mode == policy.Learning) && len(r.done) > 0 {
		t.Errorf("%v was done in mode %s", r.done, mode)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Errorf("a command without an undo was run without a person")
	}
	w.wantLimits(set.Storm)
	return len(r.done)
}

// wantLimits counts the recoveries that began in any window.
func (w *world) wantLimits(l storm.Limits) {
	w.t.Helper()
	var starts []time.Time
	for _, rec := range w.recoveries() {
		if rec.StartedAt != nil {
			starts = append(starts, *rec.StartedAt)
		}
	}
	for _, end := range starts {
		n := 0
		for _, s := range starts {
			if age := end.Sub(s); age >= 0 && age < l.Window {
				n++
			}
		}
		if n > l.Component {
			w.t.Errorf("%d recoveries of the web within %v, the limit is %d", n, l.Window, l.Component)
			return
		}
	}
}
