package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"
)

// shelf answers with the newest approvals, as many as are asked for.
type shelf struct {
	Healing
	ids []string
}

func (s shelf) Approvals(f Filter) ([]Approval, error) {
	var out []Approval
	for _, id := range s.ids {
		if f.Limit == 0 || len(out) < f.Limit {
			out = append(out, Approval{ID: id})
		}
	}
	return out, nil
}

func TestPagesHoldEachItemOnce(t *testing.T) {
	ids := make([]string, pageSize+5)
	for n := range ids {
		ids[n] = fmt.Sprint("app_", n)
	}
	services := unreachable
	services.Healing = shelf{ids: ids}
	s := New(Options{Log: hclog.NewNullLogger(), Version: "test", Services: services, Metrics: prometheus.NewRegistry()})
	get := func(query string) (got []string, code int) {
		r := httptest.NewRequest(http.MethodGet, Base+"/approvals"+query, nil)
		r.Header.Set("Authorization", "Bearer viewer")
		w := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(w, r)
		var l List[Approval]
		if w.Code == http.StatusOK {
			if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range l.Items {
			got = append(got, a.ID)
		}
		return got, w.Code
	}
	cases := map[string][]string{
		"":                         ids[:pageSize],
		"?limit=3":                 ids[:3],
		"?limit=3&offset=3":        ids[3:6],
		"?limit=10&offset=1000":    ids[1000:],
		"?offset=1000":             ids[1000:],
		"?limit=3&offset=1000000":  nil,
		"?limit=10000&offset=1004": ids[1004:],
	}
	for query, want := range cases {
		if got, code := get(query); code != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%q: got %d with %d items, want %d", query, code, len(got), len(want))
		}
	}
	for _, query := range []string{"?limit=-1", "?limit=10001", "?offset=-1", "?offset=1000001", "?limit=x"} {
		if _, code := get(query); code != http.StatusUnprocessableEntity {
			t.Errorf("%q: got %d, want 422", query, code)
		}
	}
}
