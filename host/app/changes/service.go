package changes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os/exec"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/app/service"
	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/heal/catalog"
	"github.com/homeostat/homeostat/host/health"
)

// Service is api.Changes on the pipeline of this host.
type Service struct {
	Pipeline *change.Pipeline
	Judge    func(ctx context.Context) health.Report
	// Generator is the configured command that writes contents; empty for none.
	Generator func() []string
	// Audit appends to the audit log.
	Audit func(actor, kind string, fields map[string]any) error
}

// submission turns a body into what the pipeline takes.
func submission(ctx context.Context, body api.ChangeBody) (change.Submission, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return change.Submission{}, err
	}
	c, err := candidate.Parse(data)
	if err != nil {
		return change.Submission{}, wrong(err.Error(), "correct the change; see `homeostat change submit --help`")
	}
	return change.Submission{Candidate: c, By: api.Actor(ctx), Origin: record.FromPerson}, nil
}

func wrong(detail, hint string) error {
	return &api.Problem{Status: http.StatusUnprocessableEntity, Detail: detail, Hint: hint}
}

// Submit takes a change in and sets it on its way.
func (s Service) Submit(ctx context.Context, body api.ChangeBody) (api.Change, error) {
	sub, err := submission(ctx, body)
	if err != nil {
		return api.Change{}, err
	}
	r, err := s.Pipeline.Submit(ctx, sub)
	if err != nil {
		return api.Change{}, problem(err)
	}
	if err := s.Pipeline.Apply(ctx, r.ID); err != nil {
		return api.Change{}, problem(err)
	}
	return s.show(ctx, r.ID)
}

// DryRun says what would happen.
func (s Service) DryRun(ctx context.Context, body api.ChangeBody) (api.Change, error) {
	sub, err := submission(ctx, body)
	if err != nil {
		return api.Change{}, err
	}
	r, err := s.Pipeline.DryRun(ctx, sub)
	return view(r), problem(err)
}

func (s Service) show(ctx context.Context, id string) (api.Change, error) {
	r, err := s.Pipeline.Change(ctx, id)
	return view(r), problem(err)
}

// listMax is how many changes are looked through for a list.
const listMax = 1000

// Changes lists changes, newest first, without their long parts.
func (s Service) Changes(ctx context.Context, f api.Filter) ([]api.Change, error) {
	records, err := s.Pipeline.Changes(ctx, listMax)
	if err != nil {
		return nil, err
	}
	query := service.Query(f)
	list := []api.Change{}
	for _, r := range records {
		if query.Admits(changeLine(r)) {
			list = append(list, view(r))
		}
	}
	slices.SortFunc(list, func(x, y api.Change) int {
		return cmp.Or(y.Created.Compare(x.Created), cmp.Compare(y.ID, x.ID))
	})
	return list[:min(len(list), f.Limit)], nil
}

// changeLine is what can be asked of a change.
func changeLine(r record.Record) catalog.Line {
	l := catalog.Line{ID: r.ID, Components: []string{r.Component}, State: string(r.State), Begin: r.Created}
	switch {
	case r.Ended != nil:
		l.End = *r.Ended
	case r.State.Ended():
		l.End = r.Created
	}
	return l
}

// Change returns a change, once it is no longer running or the time is over.
func (s Service) Change(ctx context.Context, id string, wait api.Wait) (api.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, max(wait.For, 0))
	defer cancel()
	r, err := s.Pipeline.Wait(ctx, id, func(r record.Record) bool {
		return settled(r) || r.State != record.Running && !wait.ToEnd
	})
	return view(r), problem(err)
}

// Candidate returns what was submitted as a change.
func (s Service) Candidate(ctx context.Context, id string) (json.RawMessage, error) {
	c, err := s.Pipeline.Candidate(ctx, id)
	if err != nil {
		return nil, problem(err)
	}
	return json.Marshal(c)
}

// settled says that nothing more comes by itself: the change has ended, or waits for a person's answer.
func settled(r record.Record) bool { return r.State.Ended() || r.State == record.WaitingApproval }

// ConfirmChange is a person's yes.
func (s Service) ConfirmChange(ctx context.Context, id string) (api.Change, error) {
	if err := s.Pipeline.Confirm(ctx, id, api.Actor(ctx)); err != nil {
		return api.Change{}, problem(err)
	}
	return s.after(ctx, id, func(r record.Record) bool { return r.State != record.Watching || r.ConfirmedBy != "" })
}

// orderTimeout bounds the wait for what an order does.
const orderTimeout = 30 * time.Second

func (s Service) after(ctx context.Context, id string, is func(record.Record) bool) (api.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, orderTimeout)
	defer cancel()
	r, err := s.Pipeline.Wait(ctx, id, is)
	return view(r), problem(err)
}

// RollbackChange undoes a change and returns it; for one whose old files are gone, the change that restores them.
func (s Service) RollbackChange(ctx context.Context, id, reason string) (api.Change, error) {
	by, err := s.Pipeline.Rollback(ctx, id, api.Actor(ctx), reason)
	if err != nil {
		return api.Change{}, problem(err)
	}
	return s.after(ctx, by, func(r record.Record) bool {
		return r.State.Ended() && r.Ended != nil || by != id && r.State != record.Running
	})
}

// LiftChange lets a rejected change be tried again.
func (s Service) LiftChange(ctx context.Context, id string) error {
	if err := s.Pipeline.Gate().Lift(id); err != nil {
		return problem(err)
	}
	return s.Audit(api.Actor(ctx), "change.lifted", map[string]any{"change": id})
}

// Generate proposes a change of one file: with the given content, or with what the generator writes.
func (s Service) Generate(ctx context.Context, in api.Generate) (api.Generated, error) {
	content := in.Content
	if content == nil {
		text, err := s.generate(ctx, in)
		if err != nil {
			return api.Generated{}, err
		}
		content = &text
	}
	c := candidate.Single(in.Root, in.FilePath, []byte(*content))
	c.Reason = in.Specification[:min(len(in.Specification), candidate.MaxText)]
	for _, check := range in.Checks {
		c.Checks = append(c.Checks, candidate.Check(check))
	}
	sub := change.Submission{Candidate: c, By: api.Actor(ctx), Origin: record.FromPerson}
	r, err := s.Pipeline.Submit(ctx, sub)
	if err != nil {
		return api.Generated{}, problem(err)
	}
	dry, err := s.Pipeline.DryRun(ctx, sub)
	if err != nil {
		return api.Generated{}, problem(err)
	}
	out := api.Generated{
		Success: true, ModificationID: r.ID, Risk: dry.Risk, Diff: dry.Diff, Refusals: view(dry).Refusals,
		CanApply: dry.State == record.Proposed, Checks: []api.CheckResult{},
	}
	for _, step := range dry.Steps {
		out.Checks = append(out.Checks, api.CheckResult{Name: step.Stage, Verdict: step.Verdict, Text: step.Text, Details: step.Details})
	}
	return out, nil
}

// The generator is a program of the operator's, and what it writes is a stranger's text.
const (
	generateTimeout = 5 * time.Minute
	maxGenerated    = candidate.MaxBytes
)

func (s Service) generate(ctx context.Context, in api.Generate) (string, error) {
	command := s.Generator()
	if len(command) == 0 {
		return "", wrong("the request has no content, and no generator is configured", "send content, or set [generator] command")
	}
	current, err := s.Pipeline.Current(in.Root, in.FilePath)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the generator may write a new file
		return "", problem(err)
	}
	question, err := json.Marshal(map[string]string{"specification": in.Specification, "file_path": in.FilePath, "current": string(current)})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, generateTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin = bytes.NewReader(question)
	answer, complaint := &bounded{max: maxGenerated}, &bounded{max: 1 << 10}
	cmd.Stdout, cmd.Stderr = answer, complaint
	if err := cmd.Run(); err != nil {
		return "", &api.Problem{Status: http.StatusBadGateway, Detail: fmt.Sprintf("the generator %s: %v: %s", command[0], err, complaint.String()), Hint: "try it by hand"}
	}
	return answer.String(), nil
}

// bounded is a buffer that refuses what is too much.
type bounded struct {
	bytes.Buffer
	max int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.max {
		return 0, fmt.Errorf("more than %d bytes", b.max)
	}
	return b.Buffer.Write(p)
}

// Apply sets a proposed change on its way and waits for its end, or for the time.
func (s Service) Apply(ctx context.Context, id string, wait time.Duration) (api.Applied, error) {
	if err := s.Pipeline.Apply(ctx, id); err != nil {
		return api.Applied{}, problem(err)
	}
	return s.outcome(ctx, id, wait)
}

func (s Service) outcome(ctx context.Context, id string, wait time.Duration) (api.Applied, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	r, err := s.Pipeline.Wait(waiting, id, settled)
	if err != nil {
		return api.Applied{}, problem(err)
	}
	if r.State == record.Refused {
		return api.Applied{}, problem(r.Refusals.Err())
	}
	return applied(r), nil
}

func applied(r record.Record) api.Applied {
	out := api.Applied{
		Success:        slices.Contains([]record.State{record.Running, record.Watching, record.Kept}, r.State),
		ModificationID: r.ID, State: r.State, AutoRolledBack: r.Unattended, Why: r.Why, Refusals: view(r).Refusals,
	}
	if r.State == record.RolledBack {
		out.RollbackReason = r.Why
	}
	return out
}

// problem gives an error of the pipeline the HTTP status that fits it.
func problem(err error) error {
	var invalid *change.Invalid
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return &api.Problem{Status: http.StatusUnprocessableEntity, Detail: invalid.Text, Hint: invalid.Hint, Rule: invalid.Rule}
	case errors.Is(err, change.ErrUnknown), errors.Is(err, backup.ErrNotFound):
		return &api.Problem{Status: http.StatusNotFound, Detail: err.Error(), Hint: "see `homeostat change list` and `homeostat backup list`"}
	case errors.Is(err, change.ErrState), errors.Is(err, gate.ErrUnknown):
		return &api.Problem{Status: http.StatusConflict, Detail: err.Error()}
	case errors.Is(err, change.ErrClosed):
		return &api.Problem{Status: http.StatusServiceUnavailable, Detail: err.Error()}
	}
	return refused(err)
}
