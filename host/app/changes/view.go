package changes

import (
	"errors"
	"net/http"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/backup"
	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/health"
	"github.com/homeostat/homeostat/host/refusal"
)

// view shows a record as the API does.
func view(r record.Record) api.Change {
	c := api.Change{Record: r}
	for _, one := range r.Refusals {
		c.Refusals = append(c.Refusals, api.Refusal{
			Rule: one.Rule, Limit: one.Limit, Value: one.Value, Hint: one.Hint, RetryAfter: one.RetryAfterSeconds(),
		})
	}
	c.Record.Refusals = nil
	return c
}

// refused shows what gates said as a problem: 429 where waiting helps.
func refused(err error) error {
	var list refusal.List
	if !errors.As(err, &list) || len(list) == 0 {
		return err
	}
	p := &api.Problem{Status: http.StatusConflict, Detail: list.Error(), Rule: list[0].Rule, RetryAfter: list.RetryAfter()}
	if p.RetryAfter > 0 {
		p.Status = http.StatusTooManyRequests
	}
	return p
}

func viewBackup(b backup.Info) api.Backup {
	return api.Backup{
		BackupID: b.ID, Root: b.Root, FilesCount: b.Files, BackupSize: b.Bytes, CreatedAt: b.CreatedAt, ExpiresAt: b.ExpiresAt,
		Whole: b.Whole, LastKnownGood: b.LastKnownGood, Pins: b.Pins, Skipped: b.Skipped,
	}
}

func viewOff(off *gate.Off) *api.GatesOff {
	if off == nil {
		return nil
	}
	return &api.GatesOff{By: off.By, Reason: off.Reason, Until: off.Until}
}

func viewHealth(r health.Report) api.HostHealth {
	out := api.HostHealth{Status: string(r.State), Score: r.Score, Trend: string(r.Trend), Checks: map[string]api.HealthCheck{}}
	for _, c := range r.Checks {
		one := api.HealthCheck{Unit: c.Unit, Limit: c.Limit, Healthy: c.Verdict == health.Pass, Verdict: string(c.Verdict), Reason: c.Reason}
		value := c.Value
		switch {
		case c.Verdict == health.Inconclusive:
		case c.Name == "memory":
			one.AvailablePercent = &value
		default:
			one.Value = &value
		}
		out.Checks[c.Name] = one
	}
	return out
}
