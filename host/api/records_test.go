package api

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/homeostat/homeostat/host/api/trail"
	"github.com/homeostat/homeostat/sdk"
)

// diary has one event for each number up to the limit.
type diary struct{ anyComponents }

func (diary) Events(_ context.Context, name string, limit int) ([]sdk.Event, error) {
	if name != "web" {
		return nil, &Problem{Status: http.StatusNotFound, Detail: "there is no component " + name}
	}
	out := make([]sdk.Event, limit)
	for i := range out {
		out[i] = sdk.Event{Time: time.Unix(int64(limit-i), 0).UTC(), Component: name, Type: sdk.EventStarted}
	}
	return out, nil
}

func TestEventsOfAComponentAreReadByViewers(t *testing.T) {
	services := unreachable
	services.Components = diary{}
	s := New(Options{Log: hclog.NewNullLogger(), Version: "test", Services: services, Metrics: prometheus.NewRegistry()})
	path := "GET " + Base + "/components/"
	for line, want := range map[string]int{
		path + "web/events": http.StatusOK, path + "none/events": http.StatusNotFound,
		path + "web/events?limit=0": http.StatusUnprocessableEntity, path + "web/events?limit=1001": http.StatusUnprocessableEntity,
	} {
		if got := request(s, line, "viewer"); got.Code != want {
			t.Errorf("%s: got %d %s, want %d", line, got.Code, got.Body, want)
		}
	}
	var list List[sdk.Event]
	if err := json.Unmarshal(request(s, path+"web/events?limit=3", "viewer").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if list.Count != 3 || len(list.Items) != 3 || list.Items[0].Type != sdk.EventStarted || !list.Items[0].Time.After(list.Items[2].Time) {
		t.Errorf("got %+v, want three starts, the newest first", list)
	}
}

// ledger answers with one record, and tells what was asked.
type ledger struct {
	Audit
	asked *trail.Query
}

func (l ledger) Search(q trail.Query) (List[AuditRecord], error) {
	*l.asked = q
	out := NewList([]AuditRecord{{Seq: 7, Kind: "component.stop"}})
	out.Next = "7"
	return out, nil
}

func TestAuditLogIsSearchedByViewers(t *testing.T) {
	services, asked := unreachable, trail.Query{}
	services.Audit = ledger{asked: &asked}
	s := New(Options{Log: hclog.NewNullLogger(), Version: "test", Services: services, Metrics: prometheus.NewRegistry()})
	got := request(s, "GET /api/v0/audit/search?kind=component.&about=web&cursor=9&limit=3", "viewer")
	if want := (trail.Query{Kind: "component.", About: "web", Cursor: 9, Limit: 3}); got.Code != http.StatusOK || asked != want {
		t.Errorf("got %d %s, asked %+v, want %+v", got.Code, got.Body, asked, want)
	}
	var list List[AuditRecord]
	if err := json.Unmarshal(got.Body.Bytes(), &list); err != nil || list.Next != "7" || len(list.Items) != 1 {
		t.Errorf("got %+v and %v, want one record, and that more are before record 7", list, err)
	}
	for _, query := range []string{"limit=0", "limit=1001", "cursor=-1", "cursor=x"} {
		if got := request(s, "GET /api/v0/audit/search?"+query, "viewer"); got.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d %s, want 422", query, got.Code, got.Body)
		}
	}
}
