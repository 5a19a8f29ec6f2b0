package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"
)

// shelf answers with the approvals that the filter's place and limit let
// through.
type shelf struct {
	Healing
	items []Approval
	last  *Filter
}

func (s shelf) Approvals(_ context.Context, f Filter) ([]Approval, error) {
	*s.last = f
	var out []Approval
	for _, a := range s.items {
		if f.After == (Place{}) || behind(a.Place(), f.After) {
			out = append(out, a)
		}
	}
	return out[:min(len(out), f.Limit)], nil
}

// behind reports that p comes after q in a list.
func behind(p, q Place) bool {
	return cmp.Or(p.At.Compare(q.At), cmp.Compare(p.ID, q.ID)) < 0
}

func (s shelf) serve() *Server {
	services := unreachable
	services.Healing = s
	return New(Options{Log: hclog.NewNullLogger(), Version: "test", Services: services, Metrics: prometheus.NewRegistry()})
}

func approvalsPage(s *Server, query url.Values) (page List[Approval], code int) {
	r := httptest.NewRequest(http.MethodGet, Base+"/approvals?"+query.Encode(), nil)
	r.Header.Set("Authorization", "Bearer viewer")
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	if w.Code == http.StatusOK && json.Unmarshal(w.Body.Bytes(), &page) != nil {
		return page, 0
	}
	return page, w.Code
}

// TestPagesHoldEachItemOnce follows the cursors of lists whose items share
// instants, while newer items arrive.
func TestPagesHoldEachItemOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
		s := shelf{last: &Filter{}}
		for n := range rapid.IntRange(0, 40).Draw(t, "items") {
			at = at.Add(-time.Duration(rapid.IntRange(0, 1).Draw(t, "step")))
			s.items = append(s.items, Approval{ID: fmt.Sprintf("app_%03d", 999-n), Created: at})
		}
		want := slices.Clone(s.items)
		size := rapid.IntRange(1, 15).Draw(t, "size")
		query := url.Values{"limit": {fmt.Sprint(size)}}
		var got []string
		for range len(want) + 1 {
			page, code := approvalsPage(s.serve(), query)
			if code != http.StatusOK {
				t.Fatalf("%v: got %d", query, code)
			}
			for _, a := range page.Items {
				got = append(got, a.ID)
			}
			if page.Next == "" {
				break
			}
			query.Set("cursor", page.Next)
			s.items = slices.Insert(s.items, 0, Approval{ID: "app_new", Created: time.Now()})
		}
		var ids []string
		for _, a := range want {
			ids = append(ids, a.ID)
		}
		if !slices.Equal(got, ids) {
			t.Errorf("pages of %d hold %v, want %v", size, got, ids)
		}
	})
}

func TestListsHaveDefaultsAndBounds(t *testing.T) {
	s := shelf{last: &Filter{}}
	for range pageSize + 5 {
		s.items = append(s.items, Approval{ID: fmt.Sprint("app_", len(s.items))})
	}
	if page, _ := approvalsPage(s.serve(), nil); page.Count != pageSize || page.Next == "" {
		t.Errorf("without a limit there are %d items and next is %q, want %d and a next page", page.Count, page.Next, pageSize)
	}
	since := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	query := url.Values{"since": {since.Format(time.RFC3339Nano)}, "component": {"web"}, "state": {"open"}, "incident": {"inc_1"}}
	if _, code := approvalsPage(s.serve(), query); code != http.StatusOK {
		t.Errorf("%v: got %d", query, code)
	}
	if want := (Filter{Component: "web", State: "open", Incident: "inc_1", Since: since, Limit: pageSize + 1}); *s.last != want {
		t.Errorf("got filter %+v, want %+v", *s.last, want)
	}
	for _, query := range []string{"limit=-1", "limit=1001", "limit=x", "cursor=x", "cursor=MTIz", "cursor=IA", "since=yesterday"} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, code := approvalsPage(s.serve(), values); code != http.StatusUnprocessableEntity {
			t.Errorf("%q: got %d, want 422", query, code)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(Place{time.Unix(1, 2), "inc_1 2"}.cursor())
	f.Add("MTIz")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePlace(text)
		if err != nil {
			return
		}
		if again, err := parsePlace(p.cursor()); err != nil || !again.At.Equal(p.At) || again.ID != p.ID {
			t.Errorf("%q is %+v, and that is written as %q, which is %+v, %v", text, p, p.cursor(), again, err)
		}
	})
}
