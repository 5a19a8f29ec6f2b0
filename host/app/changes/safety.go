package changes

import (
	"context"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/sdk/span"
)

// Safety shows everything that stands before a change.
func (s Service) Safety(ctx context.Context) (api.SafetyStatus, error) {
	g := s.Pipeline.Gate()
	st := g.Status(time.Now())
	return api.SafetyStatus{
		Success: true, Enabled: st.Off == nil, Off: viewOff(st.Off),
		CircuitBreaker: api.CircuitBreaker{State: string(st.Breaker), Metrics: api.BreakerMetrics{
			TotalAttempts: st.Metrics.Attempts, TotalSuccesses: st.Metrics.Successes,
			SuccessRate: st.Metrics.SuccessRate, ConsecutiveFailures: st.Metrics.ConsecutiveFailures,
		}},
		Health:      viewHealth(s.Judge(ctx)),
		RateLimit:   api.RateLimit{MaxPerWindow: st.Max, CurrentCount: st.Counted},
		BackupCount: len(s.Pipeline.Backups().List()),
		Open:        s.Pipeline.Open(),
		Rejected:    len(g.Rejected()),
	}, nil
}

// ResetBreaker closes the breakers.
func (s Service) ResetBreaker(ctx context.Context) error {
	if err := s.Audit(api.Actor(ctx), "safety.breaker_reset", map[string]any{}); err != nil {
		return err
	}
	return s.Pipeline.Gate().Reset(time.Now())
}

// SwitchOff turns refusals into warnings for a while. It is written into the audit log first.
func (s Service) SwitchOff(ctx context.Context, reason string, span time.Duration) (api.GatesOff, error) {
	if span <= 0 || span > gate.MaxOff {
		span = gate.MaxOff
	}
	now := time.Now()
	off := gate.Off{By: api.Actor(ctx), Reason: reason, Until: now.Add(span).UTC()}
	if err := s.Audit(off.By, "safety.disabled", map[string]any{"until": off.Until, "reason": reason}); err != nil {
		return api.GatesOff{}, err
	}
	off, err := s.Pipeline.Gate().SwitchOff(now, off)
	return *viewOff(&off), err
}

// SwitchOn lets the gates refuse again.
func (s Service) SwitchOn(ctx context.Context) error {
	if err := s.Audit(api.Actor(ctx), "safety.enabled", map[string]any{}); err != nil {
		return err
	}
	return s.Pipeline.Gate().SwitchOn()
}

// Backups lists the stored states, newest first.
func (s Service) Backups() []api.Backup {
	list := []api.Backup{}
	for _, b := range s.Pipeline.Backups().List() {
		list = append(list, viewBackup(b))
	}
	return list
}

// CreateBackup stores the present state of a whole root.
func (s Service) CreateBackup(ctx context.Context, root string) (api.Backup, error) {
	b, err := s.Pipeline.BackupNow(ctx, root, api.Actor(ctx))
	return viewBackup(b), problem(err)
}

// VerifyBackup reads a backup to the last byte.
func (s Service) VerifyBackup(ctx context.Context, id string) (api.BackupVerified, error) {
	damage, err := s.Pipeline.Backups().Verify(ctx, id)
	if err != nil {
		return api.BackupVerified{}, problem(err)
	}
	out := api.BackupVerified{Success: len(damage) == 0, BackupID: id}
	for _, d := range damage {
		out.Damage = append(out.Damage, d.String())
	}
	return out, nil
}

// RestoreBackup brings files back as a change of their own.
func (s Service) RestoreBackup(ctx context.Context, id string, body api.RestoreBody) (api.RestoreAnswer, error) {
	const byDefault = 10 * time.Second
	wait := byDefault
	if body.Wait != "" {
		var err error
		if wait, err = span.Parse(body.Wait); err != nil {
			return api.RestoreAnswer{}, wrong("wait: "+err.Error(), `write a duration such as "10s"`)
		}
	}
	paths := body.Paths
	if len(paths) == 0 {
		paths = nil
	}
	reason := body.Reason
	if reason == "" {
		reason = "restore of " + id
	}
	r, err := s.Pipeline.RestoreBackup(ctx, change.Restore{Backup: id, Paths: paths, By: api.Actor(ctx), Reason: reason, Overwrite: body.Overwrite})
	out := api.RestoreAnswer{Unchanged: r.Same}
	for _, f := range r.Failed {
		out.Failed = append(out.Failed, fmt.Sprintf("%s: %s", f.Path, f.Problem))
	}
	if err != nil || r.Same {
		out.Success = err == nil
		return out, problem(err)
	}
	out.Applied, err = s.outcome(ctx, r.Change, min(wait, orderTimeout))
	out.Success = out.Success && len(out.Failed) == 0
	return out, err
}
