package act

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/homeostat/homeostat/sdk"
)

// switchboard notes which links were opened and closed. The link from web to
// itself is the only one that it knows.
type switchboard struct {
	orders []string
	trace  LinkTrace
}

var errUndeclared = errors.New("the link is not declared")

// CheckLink knows one link.
func (s *switchboard) CheckLink(from, to string) error {
	if from != "web" || to != "web" {
		return errUndeclared
	}
	return nil
}

// OpenLink notes the order.
func (s *switchboard) OpenLink(_ context.Context, from, to, reason string) (string, bool, error) {
	s.orders = append(s.orders, "open "+from+" "+to+" "+reason)
	return "open", true, nil
}

// CloseLink notes the order.
func (s *switchboard) CloseLink(_ context.Context, from, to, reason string) (string, bool, error) {
	s.orders = append(s.orders, "close "+from+" "+to+" "+reason)
	return "closed", true, nil
}

// TraceLink tells what the test has set.
func (s *switchboard) TraceLink(string, string, string) LinkTrace { return s.trace }

// ReleaseLink notes the order.
func (s *switchboard) ReleaseLink(_ context.Context, from, to, reason string) (string, error) {
	s.orders = append(s.orders, "release "+from+" "+to+" "+reason)
	return "released", nil
}

func TestLinksAreOpenedAndClosedByTheirOwnHand(t *testing.T) {
	a, _ := actor(t, nil)
	s := &switchboard{}
	a = a.WithLinks(s)
	for _, action := range []sdk.Action{sdk.OpenLink{From: "web", To: "web"}, sdk.CloseLink{From: "web", To: "web"}} {
		text, receipt, err := a.Do(t.Context(), "rec_1/0", action, "why")
		if err != nil || text == "" || receipt == "" {
			t.Errorf("%s: got %q, receipt %q, %v", action.Kind(), text, receipt, err)
		}
		if _, err := a.Undo(t.Context(), action, receipt, "back"); err != nil {
			t.Errorf("undo %s: %v", action.Kind(), err)
		}
	}
	if got := strings.Join(s.orders, ", "); got != "open web web why, release web web back, close web web why, open web web back" {
		t.Errorf("orders: got %q", got)
	}
}

func TestLinkThatNobodyDeclaredIsNotTouched(t *testing.T) {
	a, _ := actor(t, nil)
	s := &switchboard{}
	a = a.WithLinks(s)
	for _, action := range []sdk.Action{
		sdk.OpenLink{From: "web", To: "store"}, sdk.CloseLink{From: "store", To: "web"}, sdk.OpenLink{From: "web"},
	} {
		err := a.Check(sdk.Proposal{Actions: []sdk.Action{action}})
		_, _, done := a.Do(t.Context(), "rec_1/0", action, "why")
		if err == nil || done == nil || len(s.orders) > 0 {
			t.Errorf("%s %s: check %v, do %v, orders %v; want a refusal", action.Kind(), action.Target(), err, done, s.orders)
		}
	}
}
