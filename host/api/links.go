package api

import (
	"context"
	"time"
)

// Link is a declared connection from one component to another.
type Link struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Control says who can open the link.
	Control string     `json:"control" enum:"proxy,command,none" doc:"who can open the link: its proxy, declared commands, or nobody"`
	State   string     `json:"state" enum:"closed,open,half_open" doc:"closed lets everything through, open nothing, half_open one request at a time as a trial"`
	Since   *time.Time `json:"since,omitempty" doc:"when the state was entered; absent where it has not changed"`
	Hold    bool       `json:"hold,omitempty" doc:"stays open until a person closes it"`
	Reason  string     `json:"reason,omitempty"`
	TryAt   *time.Time `json:"try_at,omitempty" doc:"when an open link lets a trial through"`
	Proxy   *LinkProxy `json:"proxy,omitempty"`
}

// LinkProxy is the process that passes a link's traffic on.
type LinkProxy struct {
	Listen  string     `json:"listen"`
	Target  string     `json:"target"`
	Type    string     `json:"type" enum:"tcp,http"`
	Running bool       `json:"running"`
	PID     int        `json:"pid,omitempty"`
	Version string     `json:"version,omitempty"`
	Started *time.Time `json:"started,omitempty"`
	Problem string     `json:"problem,omitempty" doc:"why it does not run"`
	Guards  []string   `json:"guards,omitempty" doc:"the rights that it has given up"`
	Stats   LinkStats  `json:"stats"`
}

// LinkStats are figures since the proxy was started, and of the last ten
// seconds.
type LinkStats struct {
	Requests    uint64            `json:"requests" doc:"let through; connections where the type is tcp"`
	Ended       map[string]uint64 `json:"ended" doc:"how they ended or were refused, by class"`
	Errors      uint64            `json:"errors"`
	Slow        uint64            `json:"slow" doc:"answers later than the link's max_latency"`
	Refused     uint64            `json:"refused"`
	Connections int               `json:"connections"`
	ToTarget    uint64            `json:"bytes_to_target"`
	FromTarget  uint64            `json:"bytes_from_target"`
	Recent      int               `json:"recent_requests" doc:"in the newest seconds that hold five, at most ten"`
	RecentBad   int               `json:"recent_bad" doc:"those of them that failed or were late"`
	P50         time.Duration     `json:"p50_ns"`
	P90         time.Duration     `json:"p90_ns"`
	P99         time.Duration     `json:"p99_ns"`
}

// LinkOrder is an operator's order to a link.
type LinkOrder struct {
	Reason string `json:"reason,omitempty" maxLength:"1000"`
	// Trials asks for the careful way.
	Trials bool `json:"trials,omitempty" doc:"open: let trials through after the link's retry time and close when they go well. close: begin with trials."`
}

// Links lists links, opens and closes them.
type Links interface {
	Links() []Link
	Link(from, to string) (Link, error)
	OpenLink(ctx context.Context, from, to string, o LinkOrder) (string, error)
	CloseLink(ctx context.Context, from, to string, o LinkOrder) (string, error)
}

func (s *Server) registerLinks() {
	l := s.opt.Services.Links
	get(s, Base+"/links", "declared links with their circuits", func(context.Context, *none) (List[Link], error) {
		return NewList(l.Links()), nil
	})
	type endsIn struct {
		From string `path:"from" maxLength:"63"`
		To   string `path:"to" maxLength:"63"`
	}
	get(s, Base+"/links/{from}/{to}", "one link", func(_ context.Context, in *endsIn) (Link, error) {
		return l.Link(in.From, in.To)
	})
	type orderIn struct {
		From string `path:"from" maxLength:"63"`
		To   string `path:"to" maxLength:"63"`
		Body LinkOrder
	}
	for word, order := range map[string]func(context.Context, string, string, LinkOrder) (string, error){
		"open": l.OpenLink, "close": l.CloseLink,
	} {
		post(s, Base+"/links/{from}/{to}/"+word, word+" a link", func(ctx context.Context, in *orderIn) (done, error) {
			text, err := order(ctx, in.From, in.To, in.Body)
			return done{OK: err == nil, Text: text}, err
		})
	}
}
