package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pageSize is how many items a list has when the request does not say.
const pageSize = 100

type listIn struct {
	Component string    `query:"component" maxLength:"63"`
	State     string    `query:"state" maxLength:"32"`
	Incident  string    `query:"incident" maxLength:"64"`
	Since     time.Time `query:"since" doc:"leave out what was over before this time"`
	Limit     int       `query:"limit" minimum:"0" maximum:"1000" doc:"at most this many; 0 means 100"`
	Cursor    string    `query:"cursor" maxLength:"256" doc:"next of the page before; empty for the first page"`
}

// filter asks for one more than the page holds, which tells whether it is the
// last.
func (in *listIn) filter() (Filter, error) {
	f := Filter{Component: in.Component, State: in.State, Incident: in.Incident, Since: in.Since, Limit: in.size() + 1}
	if in.Cursor == "" {
		return f, nil
	}
	var err error
	f.After, err = parsePlace(in.Cursor)
	return f, err
}

func (in *listIn) size() int { return cmp.Or(in.Limit, pageSize) }

// Place is where an item stands in a list: the newest first, and of one instant
// the highest id first.
type Place struct {
	At time.Time
	ID string
}

// Placed is an item of a list that goes on over pages.
type Placed interface{ Place() Place }

// Place is where the anomaly stands in a list.
func (a Anomaly) Place() Place { return Place{a.FirstSeen, a.ID} }

// Place is where the incident stands in a list.
func (i Incident) Place() Place { return Place{i.Opened, i.ID} }

// Place is where the recovery stands in a list.
func (r Recovery) Place() Place { return Place{r.ProposedAt, r.ID} }

// Place is where the approval stands in a list.
func (a Approval) Place() Place { return Place{a.Created, a.ID} }

// Place is where the change stands in a list.
func (c Change) Place() Place { return Place{c.Created, c.ID} }

// cursor writes a place as a word that goes into an address as it is.
func (p Place) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.At.UnixNano(), 10) + " " + p.ID))
}

func parsePlace(cursor string) (Place, error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	at, id, found := strings.Cut(string(text), " ")
	nanos, wrong := strconv.ParseInt(at, 10, 64)
	if err != nil || wrong != nil || !found || id == "" {
		return Place{}, &Problem{Status: http.StatusUnprocessableEntity, Detail: "cursor: this is none of a list's", Hint: "send next of the page before, or leave it out for the first page"}
	}
	return Place{time.Unix(0, nanos), id}, nil
}

// list registers a filtered list, newest first.
func list[T Placed](s *Server, path, summary string, fn func(context.Context, Filter) ([]T, error)) {
	get(s, path, summary, func(ctx context.Context, in *listIn) (List[T], error) {
		f, err := in.filter()
		if err != nil {
			return List[T]{}, err
		}
		items, err := fn(ctx, f)
		if err != nil {
			return List[T]{}, err
		}
		return page(in, items), nil
	})
}

// page cuts off what is beyond the page and says where the next one begins.
func page[T Placed](in *listIn, items []T) List[T] {
	if len(items) <= in.size() {
		return NewList(items)
	}
	out := NewList(items[:in.size()])
	out.Next = out.Items[in.size()-1].Place().cursor()
	return out
}
