package quiet

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func anomaly(component, kind string) *record.Anomaly {
	return &record.Anomaly{Anomaly: sdk.Anomaly{Component: component, Kind: kind}}
}

func (q *Quiet) want(t *testing.T, component, kind, want string) {
	t.Helper()
	if got := q.Label(anomaly(component, kind), now); got != want {
		t.Errorf("%s of %s is labelled %q, want %q", kind, component, got, want)
	}
}

func TestOwnActionExplainsItsTargetsAndWhatDependsOnThem(t *testing.T) {
	q := New()
	q.Begin("rec_1", Area{Targets: []string{"store"}, Dependents: []string{"web"}}, now.Add(time.Minute))
	q.want(t, "store", sdk.AnomalyExit, "own action rec_1")
	q.want(t, "web", sdk.AnomalyProbe, "own action rec_1")
	q.want(t, "web", sdk.AnomalyExit, "") // a neighbour's restart kills no process
	q.want(t, "mail", sdk.AnomalyProbe, "")
	if !q.Busy("store") || q.Busy("web") {
		t.Error("want the target busy and the dependent not")
	}
	q.End("rec_1", []string{"store"}, now.Add(10*time.Second))
	q.want(t, "store", sdk.AnomalyProbe, "")
	q.want(t, "web", sdk.AnomalyProbe, "own action rec_1")
	if got := q.Next(); !got.Equal(now.Add(10 * time.Second)) {
		t.Errorf("the next end is at %v, want after 10 s", got)
	}
	if got := q.Expire(now.Add(10 * time.Second)); len(got) != 1 || got[0] != "web" {
		t.Errorf("over are %v, want the web", got)
	}
}

func TestReportsAreLateByGenerationElseByTime(t *testing.T) {
	q := New()
	q.Acted("web", Act{Recovery: "rec_1", Start: now, End: now.Add(time.Second), Generation: 7})
	q.Acted("old", Act{Recovery: "rec_2", Start: now, End: now.Add(time.Second)})
	cases := []struct {
		r    Report
		want string
	}{
		{Report{"web", now.Add(time.Hour), 6}, "rec_1"},
		{Report{"web", now.Add(-time.Hour), 7}, ""}, // the clock stepped back
		{Report{"web", now.Add(-time.Hour), 0}, "rec_1"},
		{Report{"old", now.Add(-time.Hour), 6}, "rec_2"},
		{Report{"old", now.Add(time.Second), 6}, ""},
		{Report{"mail", now.Add(-time.Hour), 1}, ""},
	}
	for _, c := range cases {
		if got := q.Late(c.r); got != c.want {
			t.Errorf("%+v is late for %q, want %q", c.r, got, c.want)
		}
	}
	if !q.Past("web", now.Add(time.Second)) || q.Past("web", now.Add(2*time.Second)) || q.Past("mail", now) {
		t.Error("what is past is wrong")
	}
	q.Forget("web")
	if q.Past("web", now) {
		t.Error("a component that is gone is remembered")
	}
}

func TestPersonsOrderExplainsUntilTheComponentIsReady(t *testing.T) {
	q := New()
	q.Order("store", []string{"web"}, now.Add(time.Minute))
	q.want(t, "store", sdk.AnomalyProbe, "ordered by an operator")
	q.want(t, "web", sdk.AnomalyProbe, "operator's order to store")
	if !q.EndOrder("store") || q.EndOrder("store") || q.EndOrder("web") {
		t.Error("want the store's order ended once, and none of the web's own")
	}
	q.want(t, "store", sdk.AnomalyProbe, "")
	q.Begin("rec_1", Area{Targets: []string{"store"}}, now)
	q.Order("store", nil, now.Add(time.Minute))
	q.want(t, "store", sdk.AnomalyProbe, "own action rec_1")
}

func TestMaintenanceComesFirstAndEnds(t *testing.T) {
	q := New()
	q.Open(record.Maintenance{ID: "m", Component: "web", End: now.Add(time.Minute)})
	q.want(t, "web", sdk.AnomalyExit, "maintenance m")
	if !q.InMaintenance("web", now) || q.InMaintenance("store", now) || q.InMaintenance("web", now.Add(time.Minute)) {
		t.Error("the window covers the wrong component or time")
	}
	if got := q.Over(now.Add(time.Minute)); len(got) != 1 {
		t.Errorf("over are %v, want one", got)
	}
	if _, ok := q.Close("m"); !ok || len(q.Windows()) != 0 {
		t.Error("the window was not closed")
	}
	if _, ok := q.Close("m"); ok {
		t.Error("it was closed twice")
	}
}
