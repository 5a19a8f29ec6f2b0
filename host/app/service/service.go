// Package service answers the questions of host/api from the rooms of the
// host: it turns their values into what the API shows, and their refusals into
// problems.
//
// It keeps nothing and decides nothing. All values are safe for concurrent use.
package service

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/refusal"
)

// problem gives an error the HTTP status that fits it.
func problem(err error) error {
	if err == nil {
		return nil
	}
	var no *machine.Refusal
	var gate refusal.Refusal
	switch {
	case errors.As(err, &gate):
		return &api.Problem{Status: http.StatusConflict, Detail: gate.Error(), Rule: gate.Rule, RetryAfter: gate.RetryAfter}
	case errors.As(err, &no):
		return &api.Problem{Status: http.StatusConflict, Detail: no.Text}
	case errors.Is(err, component.ErrUnknown):
		return &api.Problem{Status: http.StatusNotFound, Detail: err.Error(), Hint: "see `homeostat component list`"}
	case errors.Is(err, component.ErrNoWay), errors.Is(err, component.ErrCouldNotStop):
		return &api.Problem{Status: http.StatusConflict, Detail: err.Error()}
	}
	return err
}

func notFound(what, id string) error {
	return &api.Problem{Status: http.StatusNotFound, Detail: fmt.Sprintf("there is no %s %q", what, id), Hint: fmt.Sprintf("see `homeostat %s list`", what)}
}

func convert[From, To any](items []From, one func(From) To) []To {
	out := make([]To, len(items))
	for i, item := range items {
		out[i] = one(item)
	}
	return out
}
