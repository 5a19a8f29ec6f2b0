package api

import (
	"context"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/host/api/trail"
	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/span"
)

func (s *Server) registerDaemon() {
	d := s.opt.Services.Daemon
	get(s, Base+"/status", "the daemon at a glance", func(ctx context.Context, _ *none) (Status, error) {
		return d.Status(ctx)
	})
	get(s, Base+"/plugins", "plugins and their health", func(context.Context, *none) (List[Plugin], error) {
		return NewList(d.Plugins()), nil
	})
	s.registerModes()
}

type nameIn struct {
	Name string `path:"name" maxLength:"63"`
}

func (s *Server) registerComponents() {
	c := s.opt.Services.Components
	get(s, Base+"/components", "all components", func(context.Context, *none) (List[Component], error) {
		return NewList(c.Components()), nil
	})
	get(s, Base+"/components/{name}", "one component", func(_ context.Context, in *nameIn) (Component, error) {
		return c.Component(in.Name)
	})
	type eventsIn struct {
		Name  string `path:"name" maxLength:"63"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}
	get(s, Base+"/components/{name}/events", "what happened to a component: starts, exits, changed verdicts; the newest first", func(ctx context.Context, in *eventsIn) (List[sdk.Event], error) {
		events, err := c.Events(ctx, in.Name, in.Limit)
		return NewList(events), err
	})
	type orderIn struct {
		Name string `path:"name" maxLength:"63"`
		Body struct {
			Reason string `json:"reason,omitempty" maxLength:"1000"`
		}
	}
	for _, order := range []Order{OrderStart, OrderStop, OrderRestart, OrderReload} {
		post(s, Base+"/components/{name}/"+string(order), string(order)+" a component", func(ctx context.Context, in *orderIn) (done, error) {
			text, err := c.Order(ctx, in.Name, order, in.Body.Reason)
			return done{OK: err == nil, Text: text}, err
		})
	}
}

type idIn struct {
	ID string `path:"id" maxLength:"128"`
}

func (s *Server) registerHealing() {
	h := s.opt.Services.Healing
	list(s, Base+"/anomalies", "open anomalies and the last that ended; state=open, closed or all", h.Anomalies)
	list(s, Base+"/incidents", "incidents in brief; state=open, closed or all", h.Incidents)
	list(s, Base+"/recoveries", "recoveries; state=open, closed, all or a result", h.Recoveries)
	list(s, Base+"/approvals", "approvals; state=open, closed, all or an approval's own, such as pending", h.Approvals)
	get(s, Base+"/incidents/{id}", "one incident with its history", func(ctx context.Context, in *idIn) (Incident, error) {
		return h.Incident(ctx, in.ID)
	})
	get(s, Base+"/approvals/{id}", "one approval: what would be done, why, on what evidence", func(ctx context.Context, in *idIn) (Approval, error) {
		return h.Approval(ctx, in.ID)
	})
	s.registerMarks()
	s.registerAnswers()
	s.registerMaintenance()
}

func (s *Server) registerMarks() {
	type markIn struct {
		ID   string `path:"id" maxLength:"128"`
		Body struct {
			Right bool `json:"right" doc:"false for a false alarm"`
		}
	}
	post(s, Base+"/anomalies/{id}/mark", "say whether an anomaly was right", func(ctx context.Context, in *markIn) (done, error) {
		verdict := sdk.Fail
		if in.Body.Right {
			verdict = sdk.Pass
		}
		learned, err := s.opt.Services.Healing.MarkAnomaly(ctx, in.ID, verdict)
		return done{OK: err == nil, Text: learned}, err
	})
}

func (s *Server) registerAnswers() {
	h := s.opt.Services.Healing
	type approveIn struct {
		ID   string `path:"id" maxLength:"128"`
		Body struct {
			Hash string `json:"hash,omitempty" doc:"refuse if the proposal is another one by now"`
		}
	}
	post(s, Base+"/approvals/{id}/approve", "approve a proposal", func(ctx context.Context, in *approveIn) (Approval, error) {
		return h.Approve(ctx, in.ID, in.Body.Hash)
	})
	type rejectIn struct {
		ID   string `path:"id" maxLength:"128"`
		Body struct {
			Reason string `json:"reason" minLength:"1" maxLength:"1000"`
		}
	}
	post(s, Base+"/approvals/{id}/reject", "reject a proposal", func(ctx context.Context, in *rejectIn) (Approval, error) {
		return h.Reject(ctx, in.ID, in.Body.Reason)
	})
}

func (s *Server) registerMaintenance() {
	h := s.opt.Services.Healing
	get(s, Base+"/maintenance", "maintenance windows", func(context.Context, *none) (List[Maintenance], error) {
		return NewList(h.Maintenance()), nil
	})
	type startIn struct {
		Body struct {
			Component string `json:"component,omitempty" maxLength:"63"`
			For       string `json:"for" doc:"how long, for example 30m; at most 7d"`
			Reason    string `json:"reason,omitempty" maxLength:"1000"`
		}
	}
	post(s, Base+"/maintenance", "begin a maintenance window", func(ctx context.Context, in *startIn) (Maintenance, error) {
		length, err := span.Parse(in.Body.For)
		if err != nil {
			return Maintenance{}, &Problem{Status: http.StatusUnprocessableEntity, Detail: "for: " + err.Error(), Hint: `write a duration such as "30m"`}
		}
		now := time.Now().UTC()
		return h.StartMaintenance(ctx, Maintenance{Component: in.Body.Component, Start: now, End: now.Add(length), Reason: in.Body.Reason, By: Actor(ctx)})
	})
	handle(s, operation{method: http.MethodDelete, path: Base + "/maintenance/{id}", summary: "end a maintenance window", role: RoleOperator}, func(ctx context.Context, in *idIn) (done, error) {
		return done{OK: true}, h.EndMaintenance(ctx, in.ID)
	})
}

func (s *Server) registerSignals() {
	sig := s.opt.Services.Signals
	type signalsIn struct {
		Component string `query:"component" maxLength:"63"`
	}
	get(s, Base+"/signals", "signals and their newest samples", func(_ context.Context, in *signalsIn) (List[Signal], error) {
		return NewList(sig.Signals(in.Component)), nil
	})
	type samplesIn struct {
		Component string    `path:"component" maxLength:"63"`
		Name      string    `path:"name" maxLength:"256"`
		From      time.Time `query:"from"`
		To        time.Time `query:"to"`
	}
	get(s, Base+"/signals/{component}/{name}", "samples of a signal, by default of the last hour", func(_ context.Context, in *samplesIn) (Samples, error) {
		to := in.To
		if to.IsZero() {
			to = time.Now()
		}
		from := in.From
		if from.IsZero() {
			from = to.Add(-time.Hour)
		}
		return sig.Samples(in.Component, in.Name, from, to)
	})
}

func (s *Server) registerAudit() {
	a := s.opt.Services.Audit
	type auditIn struct {
		From  uint64 `query:"from_seq" doc:"first record; 0 for the newest ones"`
		Limit int    `query:"limit" minimum:"1" maximum:"10000" default:"100"`
	}
	get(s, "/api/v0/audit", "records of the audit log", func(_ context.Context, in *auditIn) (List[AuditRecord], error) {
		records, err := a.Records(in.From, in.Limit)
		return NewList(records), err
	})
	get(s, "/api/v0/audit/search", "records of the audit log that match, the newest first; a page may be empty and still have a next one", func(_ context.Context, in *trail.Query) (List[AuditRecord], error) {
		return a.Search(*in)
	})
	post(s, "/api/v0/audit/verify", "verify the chain of the audit log", func(context.Context, *none) (AuditReport, error) {
		return a.Verify()
	})
}
