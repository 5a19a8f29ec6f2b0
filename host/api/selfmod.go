package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/sdk/span"
)

// ModificationBase is the prefix of the endpoints of changes.
const ModificationBase = "/api/v0/self-modification"

// maxChangeBytes bounds the body of a change; what it may hold in the end is the pipeline's to say.
const maxChangeBytes = 72 << 20

// maxWait bounds how long a request waits for a change.
const maxWait = time.Minute

// Changes is the change pipeline with its gates and backups.
type Changes interface {
	// Submit takes a change in and sets it on its way; a dry run only says what would happen.
	Submit(ctx context.Context, body ChangeBody) (Change, error)
	DryRun(ctx context.Context, body ChangeBody) (Change, error)
	Changes(ctx context.Context, f Filter) ([]Change, error)
	// Change returns a change, once it is no longer running or the time is over. With toEnd it waits for the end.
	Change(ctx context.Context, id string, wait Wait) (Change, error)
	// Candidate returns what was submitted, as JSON that host/change/candidate reads.
	Candidate(ctx context.Context, id string) (json.RawMessage, error)
	ConfirmChange(ctx context.Context, id string) (Change, error)
	RollbackChange(ctx context.Context, id, reason string) (Change, error)
	LiftChange(ctx context.Context, id string) error

	Generate(ctx context.Context, in Generate) (Generated, error)
	Apply(ctx context.Context, id string, wait time.Duration) (Applied, error)

	Safety(ctx context.Context) (SafetyStatus, error)
	ResetBreaker(ctx context.Context) error
	SwitchOff(ctx context.Context, reason string, span time.Duration) (GatesOff, error)
	SwitchOn(ctx context.Context) error

	Backups() []Backup
	CreateBackup(ctx context.Context, root string) (Backup, error)
	VerifyBackup(ctx context.Context, id string) (BackupVerified, error)
	RestoreBackup(ctx context.Context, id string, body RestoreBody) (RestoreAnswer, error)
}

// Wait is how long a request waits for a change, and for what.
type Wait struct {
	For   time.Duration
	ToEnd bool
}

// waitTime reads a time to wait; empty means byDefault.
func waitTime(text string, byDefault time.Duration) (time.Duration, error) {
	if text == "" {
		return byDefault, nil
	}
	wait, err := span.Parse(text)
	if err != nil || wait < 0 || wait > maxWait {
		return 0, &Problem{Status: http.StatusUnprocessableEntity, Detail: fmt.Sprintf("wait: %q", text), Hint: "write a duration from 0s to " + maxWait.String()}
	}
	return wait, nil
}

func (s *Server) registerChanges() {
	s.registerCode()
	s.registerChangeOrders()
	s.registerSafety()
	s.registerBackups()
}

// bigPost registers an order with a large body.
func bigPost[In, Out any](s *Server, o operation, fn func(context.Context, *In) (Out, error)) {
	o.maxBody = maxChangeBytes
	handle(s, o, fn)
}

func (s *Server) registerCode() {
	c := s.opt.Services.Changes
	type generateIn struct{ Body Generate }
	bigPost(s, operation{method: http.MethodPost, path: ModificationBase + "/code/generate", summary: "propose a change of one file, and check it", role: RoleAgent},
		func(ctx context.Context, in *generateIn) (Generated, error) { return c.Generate(ctx, in.Body) })
	type applyIn struct {
		Body struct {
			ModificationID string `json:"modification_id" minLength:"1" maxLength:"128"`
			Wait           string `json:"wait,omitempty" doc:"how long to wait for the end of the watch; 10s by default"`
		}
	}
	post(s, ModificationBase+"/code/apply", "apply a proposed change", func(ctx context.Context, in *applyIn) (Applied, error) {
		const byDefault = 10 * time.Second
		wait, err := waitTime(in.Body.Wait, byDefault)
		if err != nil {
			return Applied{}, err
		}
		return c.Apply(ctx, in.Body.ModificationID, wait)
	})
}

func (s *Server) registerChangeOrders() {
	c := s.opt.Services.Changes
	type submitIn struct {
		DryRun bool `query:"dry_run" doc:"only say what would happen"`
		Body   ChangeBody
	}
	bigPost(s, operation{method: http.MethodPost, path: ModificationBase + "/changes", summary: "submit a change of many files", role: RoleOperator},
		func(ctx context.Context, in *submitIn) (Change, error) {
			if in.DryRun {
				return c.DryRun(ctx, in.Body)
			}
			return c.Submit(ctx, in.Body)
		})
	list(s, ModificationBase+"/changes", "changes, newest first; state=open, closed, all or one of the states", c.Changes)
	type showIn struct {
		ID   string `path:"id" maxLength:"128"`
		Wait string `query:"wait" doc:"how long to wait while it is on its way; 0s by default"`
		End  bool   `query:"end" doc:"wait for the end of the watch too"`
	}
	get(s, ModificationBase+"/changes/{id}", "one change with all that its stages said", func(ctx context.Context, in *showIn) (Change, error) {
		wait, err := waitTime(in.Wait, 0)
		if err != nil {
			return Change{}, err
		}
		return c.Change(ctx, in.ID, Wait{For: wait, ToEnd: in.End})
	})
	candidate := operation{method: http.MethodGet, path: ModificationBase + "/changes/{id}/candidate", summary: "what was submitted, contents included", role: RoleOperator}
	handle(s, candidate, func(ctx context.Context, in *idIn) (json.RawMessage, error) {
		return c.Candidate(ctx, in.ID)
	})
	post(s, ModificationBase+"/changes/{id}/confirm", "say that a watched change is good", func(ctx context.Context, in *idIn) (Change, error) {
		return c.ConfirmChange(ctx, in.ID)
	})
	type rollbackIn struct {
		ID   string `path:"id" maxLength:"128"`
		Body struct {
			Reason string `json:"reason,omitempty" maxLength:"4096"`
		}
	}
	post(s, ModificationBase+"/changes/{id}/rollback", "undo a change", func(ctx context.Context, in *rollbackIn) (Change, error) {
		return c.RollbackChange(ctx, in.ID, in.Body.Reason)
	})
	post(s, ModificationBase+"/changes/{id}/lift", "let a rejected change be tried again", func(ctx context.Context, in *idIn) (done, error) {
		return done{OK: true}, c.LiftChange(ctx, in.ID)
	})
}

func (s *Server) registerSafety() {
	c := s.opt.Services.Changes
	const base = ModificationBase + "/safety"
	get(s, base+"/enhanced-status", "everything that stands before a change", func(ctx context.Context, _ *none) (SafetyStatus, error) {
		return c.Safety(ctx)
	})
	get(s, base+"/circuit-breaker", "the breaker of all changes", func(ctx context.Context, _ *none) (BreakerAnswer, error) {
		st, err := c.Safety(ctx)
		return BreakerAnswer{Success: err == nil, CircuitBreaker: st.CircuitBreaker}, err
	})
	admin := func(path, summary string) operation {
		return operation{method: http.MethodPost, path: base + path, summary: summary, role: RoleAdmin}
	}
	handle(s, admin("/circuit-breaker/reset", "close the breaker"), func(ctx context.Context, _ *none) (BreakerAnswer, error) {
		if err := c.ResetBreaker(ctx); err != nil {
			return BreakerAnswer{}, err
		}
		st, err := c.Safety(ctx)
		return BreakerAnswer{Success: err == nil, CircuitBreaker: st.CircuitBreaker}, err
	})
	get(s, base+"/health-check", "the health of the host", func(ctx context.Context, _ *none) (HealthAnswer, error) {
		st, err := c.Safety(ctx)
		return HealthAnswer{Success: err == nil, Health: st.Health}, err
	})
	handle(s, admin("/enable", "let the gates refuse again"), func(ctx context.Context, _ *none) (SwitchAnswer, error) {
		return SwitchAnswer{Success: true, Enabled: true}, c.SwitchOn(ctx)
	})
	type offIn struct {
		Body *struct {
			Reason string `json:"reason,omitempty" maxLength:"4096"`
			For    string `json:"for,omitempty" doc:"how long, at most 15m, which is the default"`
		}
	}
	handle(s, admin("/disable", "turn refusals of the gates into warnings for at most 15 minutes"), func(ctx context.Context, in *offIn) (SwitchAnswer, error) {
		var off time.Duration
		reason := ""
		if in.Body != nil {
			reason = in.Body.Reason
		}
		if in.Body != nil && in.Body.For != "" {
			var err error
			if off, err = span.Parse(in.Body.For); err != nil {
				return SwitchAnswer{}, &Problem{Status: http.StatusUnprocessableEntity, Detail: "for: " + err.Error(), Hint: `write a duration such as "10m"`}
			}
		}
		switched, err := c.SwitchOff(ctx, reason, off)
		return SwitchAnswer{Success: err == nil, Off: &switched}, err
	})
}

func (s *Server) registerBackups() {
	c := s.opt.Services.Changes
	const base = ModificationBase + "/safety/backups"
	get(s, base, "stored states, newest first", func(context.Context, *none) (Backups, error) {
		list := c.Backups()
		return Backups{Success: true, Backups: list, Count: len(list)}, nil
	})
	type createBackupIn struct {
		Body struct {
			Root string `json:"root" maxLength:"63"`
		}
	}
	post(s, base, "store the present state of a whole root", func(ctx context.Context, in *createBackupIn) (BackupCreated, error) {
		b, err := c.CreateBackup(ctx, in.Body.Root)
		return BackupCreated{Success: err == nil, Backup: b}, err
	})
	post(s, base+"/{id}/verify", "read a backup to the last byte", func(ctx context.Context, in *idIn) (BackupVerified, error) {
		return c.VerifyBackup(ctx, in.ID)
	})
	type restoreIn struct {
		ID   string `path:"id" maxLength:"128"`
		Body *RestoreBody
	}
	post(s, base+"/{id}/restore", "bring files back as a change of their own", func(ctx context.Context, in *restoreIn) (RestoreAnswer, error) {
		if in.Body == nil {
			in.Body = &RestoreBody{}
		}
		return c.RestoreBackup(ctx, in.ID, *in.Body)
	})
}
