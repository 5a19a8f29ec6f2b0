package act

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// book notes the orders that reach a component called web.
type book struct {
	orders []string
	err    error
	// status is the component's, awaited the error of a wait for its turn.
	status  component.Status
	awaited error
}

func (b *book) take(kind, name string, o component.Order) (component.Result, error) {
	b.orders = append(b.orders, kind+" "+name+" "+o.Grace.String()+" "+o.Reason)
	return component.Result{Text: kind + "ed", PID: 7, Rungs: []string{"TERM"}, Took: time.Second}, b.err
}

func (b *book) Start(_ context.Context, n string, o component.Order) (component.Result, error) {
	return b.take("start", n, o)
}

func (b *book) Stop(_ context.Context, n string, o component.Order) (component.Result, error) {
	return b.take("stop", n, o)
}

func (b *book) Restart(_ context.Context, n string, o component.Order) (component.Result, error) {
	return b.take("restart", n, o)
}

func (b *book) Reload(_ context.Context, n string, o component.Order) (component.Result, error) {
	return b.take("reload", n, o)
}

func (b *book) Status(name string) (component.Status, bool) {
	return b.status, name == "web"
}

func (b *book) Await(context.Context, string) error { return b.awaited }

func actor(t *testing.T, commands map[string]Command) (*Actor, *book) {
	t.Helper()
	b := &book{}
	return New(b, func(string) map[string]Command { return commands }), b
}

func TestOrdersReachTheComponentWithGraceAndReason(t *testing.T) {
	cases := map[string]sdk.Action{
		"start web 0s why":   sdk.Start{Component: "web"},
		"stop web 2s why":    sdk.Stop{Component: "web", Grace: 2 * time.Second},
		"restart web 1s why": sdk.Restart{Component: "web", Grace: time.Second},
		"reload web 0s why":  sdk.Reload{Component: "web"},
	}
	for want, action := range cases {
		a, b := actor(t, nil)
		text, _, err := a.Do(t.Context(), "rec_1/0", action, "why")
		if err != nil || len(b.orders) != 1 || b.orders[0] != want {
			t.Errorf("%s: orders %v, %v", want, b.orders, err)
		}
		if !strings.Contains(text, "TERM") || !strings.Contains(text, "7") {
			t.Errorf("%s: the text %q names neither the ladder nor the process", want, text)
		}
	}
	a, b := actor(t, nil)
	b.err = errors.New("the port is held")
	if _, _, err := a.Do(t.Context(), "rec_1/0", sdk.Restart{Component: "web"}, "why"); !errors.Is(err, b.err) {
		t.Errorf("got %v, want the component's error", err)
	}
}

func TestProposalsBeyondThisHostAreRefusedAsAWhole(t *testing.T) {
	cases := map[string]struct {
		action sdk.Action
		word   string
	}{
		"parameters":         {sdk.SetParameters{Component: "web", Values: map[string]sdk.Value{"x": {Number: 1}}}, "cannot change files"},
		"a change":           {sdk.SubmitChange{Root: "shop", Files: []sdk.FileChange{{Path: "a"}}}, "cannot change files"},
		"a rollback":         {sdk.RollbackChange{Change: "mod_1"}, "cannot change files"},
		"open a link":        {sdk.OpenLink{From: "web", To: "store"}, "no links that can be opened"},
		"close a link":       {sdk.CloseLink{From: "web", To: "store"}, "no links that can be opened"},
		"unknown component":  {sdk.Restart{Component: "wed"}, `"wed"`},
		"undeclared":         {sdk.RunDeclared{Component: "web", Name: "rm"}, "not declared"},
		"declared elsewhere": {sdk.RunDeclared{Component: "wed", Name: "drain"}, `"wed"`},
		"invalid":            {sdk.Wait{Component: "web", For: -1}, "outside"},
	}
	for name, c := range cases {
		a, b := actor(t, map[string]Command{"drain": {Command: []string{"true"}}})
		err := a.Check(sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}, c.action}})
		if err == nil || !strings.Contains(err.Error(), c.word) || !strings.Contains(err.Error(), "action 2") {
			t.Errorf("%s: got %v, want a refusal with %q that names the second action", name, err, c.word)
		}
		if _, _, err := a.Do(t.Context(), "rec_1/0", c.action, "why"); err == nil && c.action.Validate() == nil {
			t.Errorf("%s: it was done all the same", name)
		}
		if len(b.orders) > 0 {
			t.Errorf("%s: orders %v reached the component", name, b.orders)
		}
	}
}

func TestEveryActionHasAClassAndAnUndo(t *testing.T) {
	a, _ := actor(t, map[string]Command{"drain": {Command: []string{"a"}, Undo: []string{"b"}}, "purge": {Command: []string{"a"}}})
	cases := []struct {
		action sdk.Action
		class  Class
		undo   string
	}{
		{sdk.Start{Component: "web"}, Reversible, "stop web"},
		{sdk.Stop{Component: "web"}, Reversible, "start web"},
		{sdk.Restart{Component: "web"}, Harmless, "none"},
		{sdk.Reload{Component: "web"}, Harmless, "none"},
		{sdk.Wait{Component: "web", For: time.Second}, Harmless, "none"},
		{sdk.HandOver{Component: "web"}, Harmless, "none"},
		{sdk.RunDeclared{Component: "web", Name: "drain"}, Reversible, "the declared undo of drain"},
		{sdk.RunDeclared{Component: "web", Name: "purge"}, Irreversible, "none"},
		{sdk.SubmitChange{Root: "shop"}, Reversible, "rollback of the change"},
		{sdk.SetParameters{Component: "web"}, Reversible, "rollback of the change"},
		{sdk.RollbackChange{Change: "mod_1"}, Reversible, "restore of the backup that the rollback makes"},
		{sdk.OpenLink{From: "web", To: "store"}, Reversible, "close_link web->store"},
		{sdk.CloseLink{From: "web", To: "store"}, Reversible, "open_link web->store"},
	}
	for _, c := range cases {
		w := a.Weigh(c.action)
		if w.Class != c.class || w.Undo != c.undo {
			t.Errorf("%s: got %+v, want %s with undo %q", c.action.Kind(), w, c.class, c.undo)
		}
		asks := a.NeedsPerson(sdk.Proposal{Actions: []sdk.Action{c.action}}) != ""
		if asks != (c.class == Irreversible) {
			t.Errorf("%s: needs a person: %v, of class %s", c.action.Kind(), asks, c.class)
		}
	}
}

func TestAProposalIsAsGraveAsItsGravestAction(t *testing.T) {
	a, _ := actor(t, nil)
	restart, stop, unknown := sdk.Restart{Component: "web"}, sdk.Stop{Component: "web"}, sdk.RunDeclared{Component: "web", Name: "purge"}
	for _, c := range []struct {
		actions []sdk.Action
		want    Class
	}{
		{nil, Harmless}, {[]sdk.Action{restart}, Harmless}, {[]sdk.Action{restart, stop}, Reversible},
		{[]sdk.Action{unknown, restart}, Irreversible}, {[]sdk.Action{stop, unknown, stop}, Irreversible},
	} {
		if got := a.Class(sdk.Proposal{Actions: c.actions}); got != string(c.want) {
			t.Errorf("%v: got %s, want %s", c.actions, got, c.want)
		}
	}
}

func TestDeclaredCommandRunsWithoutAShellAndTheHostsEnvironment(t *testing.T) {
	t.Setenv("SECRET", "hush")
	dir := t.TempDir()
	a, _ := actor(t, map[string]Command{
		"show": {Command: []string{"/bin/sh", "-c", "echo [$SECRET][$MODE]; pwd; echo done > mark"}, Dir: dir, Env: map[string]string{"MODE": "x"}},
		"odd":  {Command: []string{"/bin/echo", "$(id)"}},
		"fail": {Command: []string{"/bin/sh", "-c", "echo no >&2; exit 3"}},
	})
	text, _, err := a.Do(t.Context(), "rec_1/0", sdk.RunDeclared{Component: "web", Name: "show"}, "why")
	if err != nil || !strings.Contains(text, "[][x]") {
		t.Errorf("got %q, %v; want no secret and the declared variable", text, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "mark")); err != nil {
		t.Errorf("the command did not run in its folder: %v", err)
	}
	if text, _, err := a.Do(t.Context(), "rec_1/0", sdk.RunDeclared{Component: "web", Name: "odd"}, "why"); err != nil || !strings.Contains(text, "$(id)") {
		t.Errorf("got %q, %v; want the argument as it stands", text, err)
	}
	if _, _, err := a.Do(t.Context(), "rec_1/0", sdk.RunDeclared{Component: "web", Name: "fail"}, "why"); err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no") {
		t.Errorf("got %v, want the exit code and the output", err)
	}
}

func TestDeclaredCommandThatHangsIsKilledWithItsChildren(t *testing.T) {
	a, _ := actor(t, map[string]Command{"hang": {Command: []string{"/bin/sh", "-c", "sleep 600 & sleep 600"}, Timeout: 200 * time.Millisecond}})
	began := time.Now()
	_, _, err := a.Do(t.Context(), "rec_1/0", sdk.RunDeclared{Component: "web", Name: "hang"}, "why")
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got %v, want that it was killed", err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func TestDeclaredCommandThatLeavesAServiceBehindIsDone(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	// The service holds the command's output until the gate is opened.
	script := "(read -r _ < " + gate + ") & echo started"
	a, _ := actor(t, map[string]Command{"serve": {Command: []string{"/bin/sh", "-c", script}, Timeout: 5 * time.Minute}})
	text, _, err := a.Do(t.Context(), "rec_1/0", sdk.RunDeclared{Component: "web", Name: "serve"}, "why")
	if err != nil || !strings.Contains(text, "started") {
		t.Errorf("got %q, %v; want that it was done: the command itself has ended well", text, err)
	}
	// This waits for the service at the gate, and lets it go.
	out, err := os.OpenFile(gate, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Error(err)
	}
}

func TestOutputOfADeclaredCommandIsBounded(t *testing.T) {
	var out tail
	for range 100 {
		if n, err := out.Write([]byte(strings.Repeat("x", 1000))); n != 1000 || err != nil {
			t.Fatalf("write gave %d, %v", n, err)
		}
	}
	if n, err := out.Write([]byte(strings.Repeat("y", 3*maxOutput) + "end")); n != 3*maxOutput+3 || err != nil {
		t.Fatalf("write gave %d, %v", n, err)
	}
	if out.Len() != maxOutput || !strings.HasSuffix(out.String(), "yend") {
		t.Errorf("%d bytes are kept, want the last %d", out.Len(), maxOutput)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	a, _ := actor(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := a.Do(ctx, "rec_1/0", sdk.Wait{Component: "web", For: time.Hour}, "why"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if _, _, err := a.Do(t.Context(), "rec_1/0", sdk.Wait{Component: "web", For: time.Millisecond}, "why"); err != nil {
		t.Errorf("a short wait gave %v", err)
	}
}

func TestUnknownUserIsRefused(t *testing.T) {
	a, _ := actor(t, map[string]Command{"x": {Command: []string{"true"}, User: "no-such-user-here"}})
	if _, _, err := a.Do(t.Context(), "rec_1/0", sdk.RunDeclared{Component: "web", Name: "x"}, "why"); err == nil || !strings.Contains(err.Error(), "no-such-user-here") {
		t.Errorf("got %v, want an error that names the user", err)
	}
}

// pipeline plays the change pipeline: it notes what reaches it.
type pipeline struct {
	got []string
	err error
}

func (p *pipeline) note(what string) error {
	p.got = append(p.got, what)
	return p.err
}

func (p *pipeline) CheckChange(sdk.SubmitChange) error      { return p.err }
func (p *pipeline) CheckRollback(sdk.RollbackChange) error  { return p.err }
func (p *pipeline) Owner(sdk.Action) string                 { return "web" }
func (p *pipeline) CheckParameters(sdk.SetParameters) error { return p.err }
func (p *pipeline) SubmitChange(_ context.Context, _ string, c sdk.SubmitChange) (string, error) {
	return "submitted", p.note("submit " + c.Root + " " + c.Reason)
}

func (p *pipeline) RollbackChange(_ context.Context, c sdk.RollbackChange, reason string) (string, error) {
	return "undone", p.note("rollback " + c.Change + " " + reason)
}

func (p *pipeline) SetParameters(_ context.Context, _ string, s sdk.SetParameters, reason string) (string, error) {
	return "set", p.note("set " + s.Component + " " + reason)
}

func (p *pipeline) TraceChange(_ context.Context, key string) fate.Fate {
	return fate.Fate{State: fate.Done, Receipt: "of " + key}
}

func (p *pipeline) TraceRollback(_ context.Context, id string, since time.Time) fate.Fate {
	return fate.Fate{State: fate.Done, Text: id + " since " + since.Format(time.TimeOnly)}
}

func TestActionsOnFilesGoThroughThePipeline(t *testing.T) {
	cases := map[string]sdk.Action{
		"submit shop why":    sdk.SubmitChange{Root: "shop", Files: []sdk.FileChange{{Path: "a"}}},
		"rollback mod_1 why": sdk.RollbackChange{Change: "mod_1"},
		"set web why":        sdk.SetParameters{Component: "web", Values: map[string]sdk.Value{"x": {Number: 1}}},
	}
	for want, action := range cases {
		a, _ := actor(t, nil)
		p := &pipeline{}
		if _, _, err := a.WithChanges(p).Do(t.Context(), "rec_1/0", action, "why"); err != nil || len(p.got) != 1 || p.got[0] != want {
			t.Errorf("%s: got %v, %v", want, p.got, err)
		}
		p = &pipeline{err: errors.New("not declared")}
		if _, _, err := a.WithChanges(p).Do(t.Context(), "rec_1/0", action, "why"); !errors.Is(err, p.err) || len(p.got) != 0 {
			t.Errorf("%s after a refusal: got %v, %v, want nothing done", want, p.got, err)
		}
	}
}

func TestWhatWasDoneIsTakenBackWithItsReceipt(t *testing.T) {
	declared := map[string]Command{
		"drain": {Command: []string{"/bin/echo", "drained"}, Undo: []string{"/bin/echo", "filled"}},
		"purge": {Command: []string{"/bin/echo", "gone"}},
	}
	cases := []struct {
		action  sdk.Action
		receipt string
		undone  string // what its undo says or orders; empty where there is none
	}{
		{sdk.Stop{Component: "web"}, "done", "start web 0s why"},
		{sdk.RunDeclared{Component: "web", Name: "drain"}, "rec_1/0", "filled"},
		{sdk.SetParameters{Component: "web", Values: map[string]sdk.Value{"x": {Number: 1}}}, "set", "rollback set why"},
		{sdk.SubmitChange{Root: "shop", Files: []sdk.FileChange{{Path: "a"}}}, "submitted", "rollback submitted why"},
		{sdk.RunDeclared{Component: "web", Name: "purge"}, "", ""},
		{sdk.Restart{Component: "web"}, "", ""},
		{sdk.Start{Component: "web"}, "", ""},
		{sdk.RollbackChange{Change: "mod_1"}, "", ""},
	}
	for _, c := range cases {
		a, b := actor(t, declared)
		p := &pipeline{}
		a = a.WithChanges(p)
		_, receipt, err := a.Do(t.Context(), "rec_1/0", c.action, "why")
		if err != nil || receipt != c.receipt {
			t.Errorf("%s: receipt %q, %v; want %q", c.action.Kind(), receipt, err, c.receipt)
		}
		b.orders, p.got = nil, nil
		text, err := a.Undo(t.Context(), c.action, receipt, "why")
		said := strings.Join(append(append([]string{text}, b.orders...), p.got...), " ")
		if c.undone == "" && (err == nil || len(b.orders)+len(p.got) > 0) || c.undone != "" && (err != nil || !strings.Contains(said, c.undone)) {
			t.Errorf("%s: its undo says %q, %v; want %q", c.action.Kind(), said, err, c.undone)
		}
	}
}

func TestStopThatDidNotWorkAndChangeThatIsRolledBackNeedNoUndo(t *testing.T) {
	a, b := actor(t, nil)
	b.err = errors.New("in state D")
	if _, receipt, err := a.Do(t.Context(), "rec_1/0", sdk.Stop{Component: "web"}, "why"); err == nil || receipt != "" {
		t.Errorf("receipt %q, %v; want an error and nothing to take back", receipt, err)
	}
	p := &pipeline{err: errors.New("change mod_1 is rolled_back")}
	text, err := a.WithChanges(p).Undo(t.Context(), sdk.SubmitChange{Root: "shop"}, "mod_1", "why")
	if err != nil || len(p.got) > 0 || !strings.Contains(text, "nothing to roll back") {
		t.Errorf("got %q, %v after %v; want that there is nothing to roll back", text, err, p.got)
	}
}

func TestTargetsAreOwnersAndEndsOfLinks(t *testing.T) {
	a, _ := actor(t, nil)
	files := sdk.Proposal{Actions: []sdk.Action{sdk.SubmitChange{Root: "shop"}, sdk.Restart{Component: "api"}, sdk.HandOver{Component: "x"}}}
	link := sdk.Proposal{Actions: []sdk.Action{sdk.OpenLink{From: "web", To: "store"}}}
	cases := []struct {
		actor *Actor
		p     sdk.Proposal
		hit   []string
		want  string
	}{
		{a, files, nil, "host api"},
		{a.WithChanges(&pipeline{}), files, nil, "web api"},
		{a, link, []string{"web", "store"}, "web"},
		{a, link, []string{"store"}, "store"},
		{a, link, []string{"job"}, "web"},
	}
	for _, c := range cases {
		if got := strings.Join(c.actor.Targets(c.p, c.hit), " "); got != c.want {
			t.Errorf("%v with %v hit is done to %q, want %q", c.p.Actions, c.hit, got, c.want)
		}
	}
}
