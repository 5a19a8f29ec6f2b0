package story

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/homeostat/homeostat/examples/demo/scenario"
	"github.com/homeostat/homeostat/examples/harness/daemon"
)

// late is how long after each start the bad configuration fails: when the watch of
// the change, and the time after it, are long over.
const late = "6s"

// badConfig submits a change that passes every check and its watch, and breaks
// the service later. It counts from the first failure.
func badConfig(ctx context.Context, t *teller, l *scenario.Line) error {
	good, err := os.ReadFile(t.victim.SettingsFile())
	if err != nil {
		return err
	}
	bad := filepath.Join(t.opt.Dir, "bad.toml")
	if err := os.WriteFile(bad, fmt.Appendf(good[:len(good):len(good)], "errors_after = %q\n", late), 0o600); err != nil {
		return err
	}
	if _, err := t.daemon.Command(ctx, "change", "submit", bad, "--root", t.victim.Name, "--path", filepath.Base(t.victim.SettingsFile()), "--reason", "it looks harmless", "--wait"); err != nil {
		return err
	}
	err = until(ctx, "the bad configuration fails", func() (bool, error) {
		e := t.victim.Healthy(ctx)
		return e != nil && strings.Contains(e.Error(), "500"), nil
	})
	if err != nil {
		return err
	}
	l.Injected = time.Now()
	broken, err := t.victim.Running(ctx)
	if err != nil {
		return err
	}
	if err := t.back(ctx, l, broken); err != nil {
		return err
	}
	now, err := os.ReadFile(t.victim.SettingsFile())
	if err == nil && string(now) != string(good) {
		err = fmt.Errorf("the configuration is not the old one:\n%s", now)
	}
	return err
}

// back waits until another process than the broken one answers.
func (t *teller) back(ctx context.Context, l *scenario.Line, broken int) error {
	_, since, err := t.victim.AwaitHealthy(ctx, broken)
	if err != nil {
		return err
	}
	after := max(since.Sub(l.Injected), 0)
	l.BackAfter = &after
	return nil
}

// clients is how many ask at the same time: more than there are workers.
const clients = 7

// overload lets clients ask without a pause, until none of them has to wait long.
func overload(ctx context.Context, t *teller, l *scenario.Line) error {
	first, err := t.victim.Running(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	l.Injected = time.Now()
	for range clients {
		all.Go(func() { t.ask(ctx) })
	}
	if err := t.back(ctx, l, first); err != nil {
		return err
	}
	err = until(ctx, "hardly anyone waits for a worker", func() (bool, error) {
		waiting, err := t.victim.Gauge(ctx, "shop_requests_waiting")
		busy, errBusy := t.victim.Gauge(ctx, "shop_requests_in_flight")
		return waiting <= 2 && busy >= clients-1 && errBusy == nil, err
	})
	after := time.Since(l.Injected)
	l.BackAfter = &after
	return err
}

// ask is one client; it ends with ctx.
func (t *teller) ask(ctx context.Context) {
	client := http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for ctx.Err() == nil {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.victim.Public+"/items", nil)
		if err != nil {
			return
		}
		a, err := client.Do(q)
		if err != nil { // the service is being restarted, or it is the end
			_ = until(ctx, "a moment is over", once())
			continue
		}
		_, _ = io.Copy(io.Discard, a.Body) // what it says does not matter
		_ = a.Body.Close()
	}
}

// once holds at the second look.
func once() func() (bool, error) {
	looked := false
	return func() (bool, error) {
		was := looked
		looked = true
		return was, nil
	}
}

// approval breaks the service gravely: nothing may happen before a person says
// yes, and one thing after that, even where the person says it twice.
func approval(ctx context.Context, t *teller, l *scenario.Line) error {
	broken, err := t.victim.Running(ctx)
	if err != nil {
		return err
	}
	// Slowly, so that the grave limit is passed long before the ordinary one, at
	// which nobody would be asked.
	if err := t.victim.Inject(ctx, "leak-files?rate=25"); err != nil {
		return err
	}
	l.Injected = time.Now()
	id := ""
	err = until(ctx, "a person is asked", func() (bool, error) {
		list, err := t.daemon.Approvals(ctx)
		for _, a := range list {
			if a.Component == t.victim.Name && a.State == "pending" {
				id = a.ID
			}
		}
		return id != "", err
	})
	if err != nil {
		return err
	}
	if err := t.untouched(ctx, broken); err != nil {
		return err
	}
	if _, err := t.daemon.Command(ctx, "approval", "approve", id); err != nil {
		return err
	}
	if err := t.back(ctx, l, broken); err != nil {
		return err
	}
	if _, err := t.daemon.Command(ctx, "approval", "approve", id); err != nil {
		return fmt.Errorf("the second yes: %w", err)
	}
	return nil
}

// untouched holds the same process to be there for a while.
func (t *teller) untouched(ctx context.Context, pid int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(quiet):
	}
	now, err := t.victim.Running(ctx)
	if err == nil && now != pid {
		err = fmt.Errorf("process %d was replaced by %d before anyone allowed it", pid, now)
	}
	return err
}

// learning breaks the service: what would be done is written down, and nothing
// else.
func learning(ctx context.Context, t *teller, l *scenario.Line) error {
	broken, err := t.victim.Running(ctx)
	if err != nil {
		return err
	}
	if err := t.victim.Inject(ctx, "errors"); err != nil {
		return err
	}
	l.Injected = time.Now()
	if _, err := t.recovery(ctx, func(r daemon.Recovery) bool { return r.Result == "recorded" }); err != nil {
		return err
	}
	return t.untouched(ctx, broken)
}
