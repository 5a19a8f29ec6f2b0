package act

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/sdk"
)

func TestTheFateOfAnOrderToAComponentIsReadFromItsProcess(t *testing.T) {
	since := time.Now().Add(-time.Minute)
	before, after := since.Add(-time.Hour), since.Add(time.Second)
	unknown := errors.Join(component.ErrUnknown)
	cases := map[string]struct {
		action  sdk.Action
		status  component.Status
		awaited error
		want    fate.State
		receipt string
	}{
		"restarted":             {sdk.Restart{Component: "web"}, component.Status{PID: 7, StartedAt: after, Wanted: true}, nil, fate.Done, ""},
		"the old process":       {sdk.Restart{Component: "web"}, component.Status{PID: 7, StartedAt: before, Wanted: true}, nil, fate.NotDone, ""},
		"down":                  {sdk.Restart{Component: "web"}, component.Status{State: component.IsDown, Wanted: true}, nil, fate.NotDone, ""},
		"about to start":        {sdk.Restart{Component: "web"}, component.Status{State: component.IsStarting, Wanted: true}, nil, fate.Pending, ""},
		"started":               {sdk.Start{Component: "web"}, component.Status{PID: 7, StartedAt: before, Wanted: true}, nil, fate.Done, ""},
		"not started":           {sdk.Start{Component: "web"}, component.Status{State: component.IsDown, Wanted: true}, nil, fate.NotDone, ""},
		"stopped":               {sdk.Stop{Component: "web"}, component.Status{State: component.IsStopped}, nil, fate.Done, "done"},
		"not told to stop":      {sdk.Stop{Component: "web"}, component.Status{PID: 7, StartedAt: before, Wanted: true}, nil, fate.NotDone, ""},
		"reloaded, or not":      {sdk.Reload{Component: "web"}, component.Status{PID: 7, StartedAt: before, Wanted: true}, nil, fate.Unknown, ""},
		"another order goes on": {sdk.Stop{Component: "web"}, component.Status{}, context.DeadlineExceeded, fate.Pending, ""},
		"configured no more":    {sdk.Stop{Component: "web"}, component.Status{}, unknown, fate.Unknown, ""},
	}
	for name, c := range cases {
		a, b := actor(t, nil)
		b.status, b.awaited = c.status, c.awaited
		got := a.Trace(t.Context(), Cut{Key: "rec_1/0", Action: c.action, Since: since})
		if got.State != c.want || got.Receipt != c.receipt || got.Text == "" {
			t.Errorf("%s: got %+v, want %s with receipt %q", name, got, c.want, c.receipt)
		}
		if len(b.orders) > 0 {
			t.Errorf("%s: to look ordered %v", name, b.orders)
		}
	}
}

func TestTheFateOfAnOrderToALinkIsReadFromTheLink(t *testing.T) {
	open, shut := sdk.OpenLink{From: "web", To: "web"}, sdk.CloseLink{From: "web", To: "web"}
	cases := []struct {
		action  sdk.Action
		trace   LinkTrace
		want    fate.State
		receipt string
	}{
		{open, LinkTrace{Open: true, Ours: true}, fate.Done, "done"},
		{open, LinkTrace{Open: true}, fate.Done, ""}, // a person has opened it, and it stays theirs
		{open, LinkTrace{}, fate.NotDone, ""},
		{open, LinkTrace{Open: true, Ours: true, Unsure: true}, fate.Unknown, "done"},
		{open, LinkTrace{Err: errors.New("it does not answer")}, fate.Pending, ""},
		{shut, LinkTrace{}, fate.Done, ""},
		{shut, LinkTrace{Open: true, Ours: true}, fate.Done, "done"},
		{shut, LinkTrace{Open: true}, fate.NotDone, ""},
		{shut, LinkTrace{Open: true, Ours: true, Unsure: true}, fate.Unknown, ""},
		{shut, LinkTrace{Err: errors.New("it does not answer")}, fate.Pending, ""},
	}
	for _, c := range cases {
		a, _ := actor(t, nil)
		got := a.WithLinks(&switchboard{trace: c.trace}).Trace(t.Context(), Cut{Key: "rec_1/0", Action: c.action, Since: time.Now()})
		if got.State != c.want || got.Receipt != c.receipt {
			t.Errorf("%s of %+v: got %+v, want %s with receipt %q", c.action.Kind(), c.trace, got, c.want, c.receipt)
		}
	}
}

func TestTheFateOfTheRest(t *testing.T) {
	a, _ := actor(t, nil)
	a = a.WithChanges(&pipeline{})
	since := time.Now().Add(-time.Minute)
	for _, c := range []struct {
		action sdk.Action
		want   fate.State
		words  string
	}{
		{sdk.SubmitChange{Root: "shop"}, fate.Done, "of rec_1/2"},
		{sdk.SetParameters{Component: "web"}, fate.Done, "of rec_1/2"},
		{sdk.RollbackChange{Change: "mod_1"}, fate.Done, "mod_1 since " + since.Format(time.TimeOnly)},
		{sdk.Wait{Component: "web", For: time.Second}, fate.Done, "passed"},
		{sdk.Wait{Component: "web", For: time.Hour}, fate.Pending, "not over"},
		{sdk.HandOver{Component: "web", Message: "look"}, fate.Done, "look"},
		{sdk.OpenLink{From: "web", To: "web"}, fate.Unknown, "nothing tells"}, // no links are here any more
	} {
		got := a.Trace(t.Context(), Cut{Key: "rec_1/2", Action: c.action, Since: since})
		if got.State != c.want || !strings.Contains(got.Text+got.Receipt, c.words) {
			t.Errorf("%s: got %+v, want %s and %q", c.action.Kind(), got, c.want, c.words)
		}
	}
}

// TestACommandThatWasCutOffIsEndedAndNeverTakenForDone lets a declared command
// outlive the one who started it, as it does when the daemon is killed.
func TestACommandThatWasCutOffIsEndedAndNeverTakenForDone(t *testing.T) {
	dir := t.TempDir()
	ready, done := filepath.Join(dir, "ready"), filepath.Join(dir, "order")
	commands := map[string]Command{
		"drain": {Command: []string{"/bin/sh", "-c", "echo $$ > " + ready + "; sleep 600 & wait"}, Undo: []string{"/bin/sh", "-c", "echo $HOMEOSTAT_ORDER > " + done}, Timeout: time.Minute},
		"purge": {Command: []string{"/bin/true"}, Timeout: time.Minute},
	}
	a, _ := actor(t, commands)
	drain := sdk.RunDeclared{Component: "web", Name: "drain"}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _, _ = a.Do(t.Context(), "rec_9/0", drain, "why") // it is killed below
	}()
	for {
		if data, err := os.ReadFile(ready); err == nil && len(data) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	now := Cut{Key: "rec_9/0", Action: drain, Since: time.Now()}
	if got := a.Trace(t.Context(), now); got.State != fate.Pending {
		t.Errorf("while it runs: got %+v, want pending", got)
	}
	other := now
	other.Key = "rec_9/01"
	if got := a.Trace(t.Context(), other); got.State != fate.Unknown {
		t.Errorf("of another order: got %+v, want unknown", got)
	}
	late := now
	late.Since = time.Now().Add(-time.Hour)
	got := a.Trace(t.Context(), late)
	if got.State != fate.Unknown || got.Receipt != "rec_9/0" {
		t.Errorf("beyond its time: got %+v, want unknown, with what takes it back", got)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the command runs on")
	}
	if left, err := leftovers("rec_9/0"); err != nil || len(left) > 0 {
		t.Errorf("%d processes of it are left, %v", len(left), err)
	}
	if _, err := a.Undo(t.Context(), drain, got.Receipt, "why"); err != nil {
		t.Errorf("undo: %v", err)
	}
	if data, err := os.ReadFile(done); err != nil || strings.TrimSpace(string(data)) != "rec_9/0" {
		t.Errorf("the undo was told the order %q, %v", data, err)
	}
	purge := Cut{Key: "rec_9/1", Action: sdk.RunDeclared{Component: "web", Name: "purge"}, Since: time.Now()}
	if got := a.Trace(t.Context(), purge); got.State != fate.Unknown || got.Receipt != "" {
		t.Errorf("without an undo: got %+v, want unknown and nothing that takes it back", got)
	}
}
