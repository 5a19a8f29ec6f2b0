package heal

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homeostat/homeostat/host/heal/catalog"
	"github.com/homeostat/homeostat/sdk"
)

// find returns the ids of a page of incidents.
func (w *world) find(s Search) []string {
	w.t.Helper()
	found, err := w.heal.FindIncidents(w.t.Context(), s)
	if err != nil {
		w.t.Fatalf("find %+v: %v", s, err)
	}
	var ids []string
	for _, inc := range found {
		ids = append(ids, inc.ID)
	}
	return ids
}

// TestAllThatIsKeptIsFound has more incidents end than memory holds, and reads
// them page by page, before and after a start of the daemon.
func TestAllThatIsKeptIsFound(t *testing.T) {
	const many = 448
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web", "store")
		w.boot(automated("web", "store"))
		half := time.Time{}
		for n := range many {
			name := []string{"web", "store"}[n%2]
			w.report(name, sdk.AnomalyThreshold, sdk.SeverityLow)
			synctest.Wait()
			w.ended(name, sdk.AnomalyThreshold)
			time.Sleep(time.Hour)
			if n == many/2-1 {
				half = time.Now()
			}
		}
		for _, life := range []string{"first", "second"} {
			all := w.find(Search{Limit: many + 1})
			if len(all) != many {
				t.Fatalf("%s life: %d incidents are found, want %d", life, len(all), many)
			}
			var paged []string
			s := Search{Limit: 64}
			for page := w.find(s); len(page) > 0; page = w.find(s) {
				paged = append(paged, page...)
				last, _, err := w.heal.Incident(t.Context(), page[len(page)-1])
				if err != nil {
					t.Fatal(err)
				}
				s.After = catalog.IncidentLine(last).Place()
			}
			if !slices.Equal(paged, all) {
				t.Errorf("%s life: pages hold %d incidents in another order or number than one list of %d", life, len(paged), len(all))
			}
			if got := w.find(Search{Query: catalog.Query{Component: "store", Since: half}, Limit: many}); len(got) != many/4 {
				t.Errorf("%s life: %d of the store since the middle, want %d", life, len(got), many/4)
			}
			w.halt()
			w.boot(automated("web", "store"))
		}
		w.halt()
	})
}

// TestWhatTheStoreHasForgottenIsNotListed removes a document, as housekeeping
// does with old ones.
func TestWhatTheStoreHasForgottenIsNotListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "web")
		w.boot(automated("web"))
		for range 250 {
			w.report("web", sdk.AnomalyThreshold, sdk.SeverityLow)
			synctest.Wait()
			w.ended("web", sdk.AnomalyThreshold)
			time.Sleep(time.Hour)
		}
		all := w.find(Search{Limit: 250})
		gone := all[len(all)-2]
		w.mu.Lock()
		delete(w.docs, "incident/"+gone)
		w.mu.Unlock()
		want := slices.Delete(slices.Clone(all), len(all)-2, len(all)-1)
		if got := w.find(Search{Limit: 249}); !slices.Equal(got, want) {
			t.Errorf("got %d incidents, the forgotten one among them: %v", len(got), slices.Contains(got, gone))
		}
		if _, ok, err := w.heal.Incident(t.Context(), gone); ok || err != nil {
			t.Errorf("the forgotten one is shown: %v, %v", ok, err)
		}
		w.halt()
	})
}

// TestApprovalsAreFoundByIdOnceTheirIncidentIsOver asks for one after memory has
// let go of it.
func TestApprovalsAreFoundByIdOnceTheirIncidentIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, asked := asking(t)
		w.recover("web", 1)
		for range 250 {
			w.report("web", sdk.AnomalyThreshold, sdk.SeverityLow)
			synctest.Wait()
			w.ended("web", sdk.AnomalyThreshold)
			time.Sleep(time.Hour)
		}
		if _, inMemory := byID(w, asked.Incident); inMemory {
			t.Fatal("the incident is still in memory, so this test shows nothing")
		}
		a, ok, err := w.heal.Approval(t.Context(), asked.ID)
		if err != nil || !ok || a.Hash != asked.Hash || a.State != "superseded" {
			t.Errorf("got %+v, %v, %v, want the one that was asked for, superseded", a, ok, err)
		}
		if _, ok, err := w.heal.Approval(t.Context(), "app_unknown"); ok || err != nil {
			t.Errorf("an unknown approval is found: %v, %v", ok, err)
		}
		w.halt()
	})
}

func byID(w *world, id string) (string, bool) {
	for _, inc := range w.heal.Incidents() {
		if inc.ID == id {
			return fmt.Sprint(inc.State), true
		}
	}
	return "", false
}
