package api

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"

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
