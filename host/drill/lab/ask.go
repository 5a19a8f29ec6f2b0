package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/client"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/drill/scratch"
)

// patience is how long anything is waited for that must happen.
const patience = 30 * time.Second

const (
	changes = api.ModificationBase + "/changes"
	backups = api.ModificationBase + "/safety/backups"
)

// Write is an edit of a change that writes a file.
func Write(path, content string) api.ChangeEdit { return api.ChangeEdit{Path: path, Content: &content} }

// Conduct is an edit that has the service behave in a way, under a version.
func Conduct(version string, c scratch.Conduct) api.ChangeEdit {
	return Write(scratch.File, scratch.Settings{Version: version, Conduct: c}.Encode())
}

// Submit submits a change of the root and returns once it is no longer on its way through the stages.
func (l *Lab) Submit(ctx context.Context, edits ...api.ChangeEdit) (api.Change, error) {
	return l.SubmitTo(ctx, Root, edits...)
}

// SubmitTo is Submit for another root.
func (l *Lab) SubmitTo(ctx context.Context, root string, edits ...api.ChangeEdit) (api.Change, error) {
	c, err := l.Post(ctx, root, edits...)
	if err != nil || c.State != record.Running {
		return c, err
	}
	return l.Show(ctx, c.ID, "?wait=30s")
}

// Post submits a change and does not wait for it.
func (l *Lab) Post(ctx context.Context, root string, edits ...api.ChangeEdit) (api.Change, error) {
	var c api.Change
	return c, l.api.Do(ctx, http.MethodPost, changes, api.ChangeBody{Root: root, Author: "drill", Reason: "a drill", Edits: edits}, &c)
}

// DryRun asks what a change would do.
func (l *Lab) DryRun(ctx context.Context, edits ...api.ChangeEdit) (api.Change, error) {
	var c api.Change
	return c, l.api.Do(ctx, http.MethodPost, changes+"?dry_run=true", api.ChangeBody{Root: Root, Edits: edits}, &c)
}

// Raw posts any body as a change and returns the refusal.
func (l *Lab) Raw(ctx context.Context, body any) error {
	return l.api.Do(ctx, http.MethodPost, changes, body, nil)
}

// Show returns a change; the query may make it wait.
func (l *Lab) Show(ctx context.Context, id, query string) (api.Change, error) {
	var c api.Change
	return c, l.api.Get(ctx, changes+"/"+url.PathEscape(id)+query, &c)
}

// End waits for the end of a change.
func (l *Lab) End(ctx context.Context, id string) (api.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		c, err := l.Show(ctx, id, "?wait=10s&end=true")
		if err != nil || c.State.Ended() && c.Ended != nil {
			return c, err
		}
		if ctx.Err() != nil {
			return c, fmt.Errorf("wait for the end of %s, which is %s: %w", id, c.State, ctx.Err())
		}
	}
}

// Order gives an order about a change: confirm, rollback or lift.
func (l *Lab) Order(ctx context.Context, id, order string) (api.Change, error) {
	var c api.Change
	err := l.api.Do(ctx, http.MethodPost, changes+"/"+url.PathEscape(id)+"/"+order, map[string]string{}, &c)
	return c, err
}

// Keep submits a change and has a person confirm it.
func (l *Lab) Keep(ctx context.Context, edits ...api.ChangeEdit) (api.Change, error) {
	c, err := l.Submit(ctx, edits...)
	if err != nil {
		return c, err
	}
	if _, err = l.Order(ctx, c.ID, "confirm"); err != nil {
		return c, err
	}
	return l.until(ctx, c.ID, func(c api.Change) bool { return c.State != record.Watching })
}

func (l *Lab) until(ctx context.Context, id string, is func(api.Change) bool) (c api.Change, err error) {
	late := wait(ctx, "change "+id, func(ctx context.Context) bool {
		c, err = l.Show(ctx, id, "")
		return err != nil || is(c)
	})
	return c, errors.Join(err, late)
}

// Changes lists all changes, newest first.
func (l *Lab) Changes(ctx context.Context) ([]api.Change, error) {
	var all api.List[api.Change]
	return all.Items, l.api.Get(ctx, changes, &all)
}

// Backup stores the whole root.
func (l *Lab) Backup(ctx context.Context) (api.Backup, error) {
	var made api.BackupCreated
	return made.Backup, l.api.Do(ctx, http.MethodPost, backups, map[string]string{"root": Root}, &made)
}

// Backups lists what is stored.
func (l *Lab) Backups(ctx context.Context) ([]api.Backup, error) {
	var all api.Backups
	return all.Backups, l.api.Get(ctx, backups, &all)
}

// Verify reads a backup to the last byte and returns what is damaged.
func (l *Lab) Verify(ctx context.Context, id string) ([]string, error) {
	var v api.BackupVerified
	return v.Damage, l.api.Do(ctx, http.MethodPost, backups+"/"+url.PathEscape(id)+"/verify", nil, &v)
}

// Restore brings a backup back.
func (l *Lab) Restore(ctx context.Context, id string) (api.RestoreAnswer, error) {
	var r api.RestoreAnswer
	return r, l.api.Do(ctx, http.MethodPost, backups+"/"+url.PathEscape(id)+"/restore", api.RestoreBody{Reason: "a drill", Wait: "0s"}, &r)
}

// Audit returns the kinds of all records of the audit log about changes.
func (l *Lab) Audit(ctx context.Context) ([]string, error) {
	var all api.List[api.AuditRecord]
	if err := l.api.Get(ctx, "/api/v0/audit?limit=1000", &all); err != nil {
		return nil, err
	}
	var kinds []string
	for _, r := range all.Items {
		kinds = append(kinds, r.Kind)
	}
	return kinds, nil
}

// Reads asks for everything that only reads.
func (l *Lab) Reads(ctx context.Context) error {
	var all error
	for _, path := range []string{changes, backups, api.Base + "/status", api.Base + "/components", "/api/v0/audit", api.ModificationBase + "/safety/enhanced-status"} {
		all = errors.Join(all, l.api.Get(ctx, path, nil))
	}
	return all
}

// Command runs homeostat's command line against the lab's daemon and returns its exit code and what it said.
func (l *Lab) Command(ctx context.Context, args ...string) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, l.exe, append([]string{"--socket", l.socket()}, args...)...)
	cmd.Args[0] = "homeostat"
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), string(out), nil
	}
	return 0, string(out), err
}

// Shown asks a service for its version and process id; both are empty while it does not answer.
func (l *Lab) Shown(ctx context.Context, name string) scratch.Shown {
	var shown scratch.Shown
	_ = l.service(ctx, name, http.MethodGet, "/shown", &shown) // no answer shows as nothing
	return shown
}

// Up waits until a service answers.
func (l *Lab) Up(ctx context.Context, name string) (shown scratch.Shown, err error) {
	err = wait(ctx, "the scratch service "+name+" to answer", func(ctx context.Context) bool {
		shown = l.Shown(ctx, name)
		return shown.PID != 0
	})
	return shown, err
}

// Break has a running service behave in another way than its file says.
func (l *Lab) Break(ctx context.Context, c scratch.Conduct) error {
	return l.service(ctx, Component, http.MethodPost, "/become/"+string(c), nil)
}

func (l *Lab) service(ctx context.Context, name, method, path string, into any) error {
	const span = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, "http://"+l.address[name]+path, nil)
	if err != nil {
		return err
	}
	q.Close = true
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return fmt.Errorf("ask the scratch service: %w", err)
	}
	defer a.Body.Close()
	if into == nil {
		return nil
	}
	return json.NewDecoder(a.Body).Decode(into)
}

// Status returns the HTTP status of a refusal, 0 where err is none.
func Status(err error) int {
	var refused *client.Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

// answers is how many healthy answers of a process show that whoever looks at it has had one.
const answers = 4

// Answered waits until the process that runs has been asked some times, and was well.
func (l *Lab) Answered(ctx context.Context) error {
	return wait(ctx, "the daemon to see the scratch service healthy", func(ctx context.Context) bool {
		return l.Shown(ctx, Component).Answered >= answers
	})
}

// Serves waits for a service to run a version of its file, and returns the version that it runs in the end.
func (l *Lab) Serves(ctx context.Context, name, version string) string {
	ctx, cancel := context.WithTimeout(ctx, effect)
	defer cancel()
	var shown scratch.Shown
	_ = wait(ctx, version, func(ctx context.Context) bool { // what it runs is returned
		if now := l.Shown(ctx, name); now.PID != 0 {
			shown = now
		}
		return shown.Version == version
	})
	return shown.Version
}

// effect is how long files may need to show their effect.
const effect = 15 * time.Second

// Asked waits until a probe of the service waits for an answer.
func (l *Lab) Asked(ctx context.Context) error {
	return wait(ctx, "a probe to hang", func(ctx context.Context) bool { return l.Shown(ctx, Component).Waiting > 0 })
}

func wait(ctx context.Context, what string, is func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !is(ctx) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-time.After(lookEvery):
		}
	}
	return nil
}

// Applying waits until files of a change are being exchanged, or it has ended.
func (l *Lab) Applying(ctx context.Context, id string) error {
	return wait(ctx, "change "+id+" to be applied", func(ctx context.Context) bool {
		c, err := l.Show(ctx, id, "")
		return err == nil && (len(l.Journals()) > 0 || c.State != record.Running)
	})
}
