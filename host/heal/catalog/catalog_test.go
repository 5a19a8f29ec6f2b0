package catalog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

// ended makes an incident with a recovery and an approval that lasted over the
// same minutes; an end of 0 means that it lasts.
func incident(id string, begin, end int, components ...string) record.Incident {
	inc := record.Incident{ID: id, Component: components[0], Components: components, Opened: minute(begin), State: record.StateOpen}
	rec := record.Recovery{ID: "rec_" + id, Incident: id, Component: components[0], ProposedAt: minute(begin), Result: sdk.ResultRunning}
	app := record.Approval{ID: "app_" + id, Incident: id, Component: components[0], Created: minute(begin), State: record.ApprovalPending}
	if end > 0 {
		inc.Resolved, inc.State = record.Time(minute(end)), record.StateResolved
		rec.EndedAt, rec.Result = inc.Resolved, sdk.ResultHealed
		app.Answered, app.State = inc.Resolved, record.ApprovalRejected
	}
	inc.Recoveries, inc.Approvals = []record.Recovery{rec}, []record.Approval{app}
	return inc
}

func ids(lines []Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.ID)
	}
	return out
}

func TestQueriesNarrow(t *testing.T) {
	c := New(10)
	for _, inc := range []record.Incident{
		incident("inc_1", 1, 5, "store", "web"), incident("inc_2", 2, 0, "web"), incident("inc_3", 3, 4, "queue"),
	} {
		c.Put(inc)
	}
	for name, test := range map[string]struct {
		kind Kind
		q    Query
		want []string
	}{
		"all, the newest first":             {Incidents, Query{}, []string{"inc_3", "inc_2", "inc_1"}},
		"the word all":                      {Incidents, Query{State: "all"}, []string{"inc_3", "inc_2", "inc_1"}},
		"open":                              {Incidents, Query{State: Open}, []string{"inc_2"}},
		"closed":                            {Incidents, Query{State: Closed}, []string{"inc_3", "inc_1"}},
		"any component that is hit":         {Incidents, Query{Component: "web"}, []string{"inc_2", "inc_1"}},
		"a recovery only by its own":        {Recoveries, Query{Component: "web"}, []string{"rec_inc_2"}},
		"not over before":                   {Incidents, Query{Since: minute(5)}, []string{"inc_2", "inc_1"}},
		"after a place":                     {Incidents, Query{After: Place{minute(2), "inc_2"}}, []string{"inc_1"}},
		"recoveries of one incident":        {Recoveries, Query{Incident: "inc_1"}, []string{"rec_inc_1"}},
		"recoveries by result":              {Recoveries, Query{State: string(sdk.ResultHealed)}, []string{"rec_inc_3", "rec_inc_1"}},
		"approvals that wait":               {Approvals, Query{State: "pending"}, []string{"app_inc_2"}},
		"open is a word for those too":      {Approvals, Query{State: Open}, []string{"app_inc_2"}},
		"approvals that were answered late": {Approvals, Query{State: Closed, Since: minute(5)}, []string{"app_inc_1"}},
	} {
		if got := ids(c.Find(test.kind, test.q)); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestTheSameIncidentAgainReplacesItsLines(t *testing.T) {
	c := New(10)
	c.Put(incident("inc_1", 1, 0, "web"))
	c.Put(incident("inc_1", 1, 9, "web"))
	if got := ids(c.Find(Incidents, Query{})); !slices.Equal(got, []string{"inc_1"}) {
		t.Errorf("got %v, want it once", got)
	}
	if got := c.Find(Approvals, Query{State: Open}); len(got) > 0 {
		t.Errorf("%v still waits", got)
	}
}

func TestBeyondTheBoundTheOldestGoes(t *testing.T) {
	c := New(3)
	for n := 1; n <= 5; n++ {
		c.Put(incident(fmt.Sprint("inc_", n), n, 0, "web"))
	}
	c.Drop("inc_4")
	c.Drop("inc_1") // gone already
	if got := ids(c.Find(Incidents, Query{})); !slices.Equal(got, []string{"inc_5", "inc_3"}) {
		t.Errorf("got %v, want 5 and 3", got)
	}
	if owner, ok := c.Owner("app_inc_5"); !ok || owner != "inc_5" {
		t.Errorf("the owner of app_inc_5 is %q, %v", owner, ok)
	}
	if owner, ok := c.Owner("app_inc_1"); ok {
		t.Errorf("the approval of an incident that is gone belongs to %q", owner)
	}
}

// TestPlacesLeadThroughAllLinesOnce goes on after each line in turn.
func TestPlacesLeadThroughAllLinesOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(100)
		for n := range rapid.IntRange(1, 30).Draw(t, "incidents") {
			c.Put(incident(fmt.Sprint("inc_", n), rapid.IntRange(0, 5).Draw(t, "minute"), 0, "web"))
		}
		all := ids(c.Find(Incidents, Query{}))
		var got []string
		var after Place
		for {
			rest := c.Find(Incidents, Query{After: after})
			if len(rest) == 0 {
				break
			}
			got, after = append(got, rest[0].ID), rest[0].Place()
		}
		if !slices.Equal(got, all) {
			t.Errorf("one by one %v, at once %v", got, all)
		}
	})
}
