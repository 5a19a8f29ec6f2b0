package api

import (
	"context"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/host/api/contest"
	"github.com/homeostat/homeostat/sdk/span"
)

func (s *Server) registerComparisons() {
	svc := s.opt.Services.Strategies
	type in struct {
		A         string    `query:"a" required:"true" minLength:"1" maxLength:"63" doc:"the strategy that the ladder would take"`
		B         string    `query:"b" required:"true" minLength:"1" maxLength:"63" doc:"the one that it is compared with"`
		Component string    `query:"component" maxLength:"63"`
		Since     time.Time `query:"since" doc:"only what was chosen from then on"`
		Longest   string    `query:"longest" maxLength:"16" doc:"a longer downtime counts as this; by default what the newest experiment between the two says, else 5m"`
		Rounds    int       `query:"replay" minimum:"0" maximum:"1000" doc:"replay so often; 0 for 100 times where live numbers decide nothing"`
	}
	get(s, Base+"/strategies/compare", "which of two strategies ends trouble better", func(ctx context.Context, in *in) (contest.Comparison, error) {
		q := contest.Query{A: in.A, B: in.B, Component: in.Component, Since: in.Since, Rounds: in.Rounds}
		if in.Longest != "" {
			longest, err := span.Parse(in.Longest)
			if err != nil || longest < time.Second || longest > 24*time.Hour {
				return contest.Comparison{}, &Problem{Status: http.StatusUnprocessableEntity, Detail: "longest " + in.Longest + " is no time between 1s and 24h", Hint: `write a duration such as "5m"`}
			}
			q.Longest = longest
		}
		return svc.Compare(ctx, q)
	})
	get(s, Base+"/strategies/experiments", "experiments between two strategies, newest first", func(context.Context, *none) (List[contest.Experiment], error) {
		return NewList(svc.Experiments()), nil
	})
}
