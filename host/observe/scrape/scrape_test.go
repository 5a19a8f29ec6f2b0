package scrape

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const page = `# HELP http_requests_total requests
# TYPE http_requests_total counter
http_requests_total{method="get",code="200"} 1027
http_requests_total{code="500",method="get"} 3
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 4.2e7
# TYPE request_duration_seconds histogram
request_duration_seconds_bucket{le="0.1"} 5
request_duration_seconds_bucket{le="+Inf"} 7
request_duration_seconds_sum 1.5
request_duration_seconds_count 7
# TYPE gc_seconds summary
gc_seconds{quantile="0.5"} 0.001
gc_seconds_sum 2
gc_seconds_count 9
free_thing 1
other_total 4
bad NaN
`

func TestPageBecomesSamples(t *testing.T) {
	samples, left, err := Parse([]byte(page))
	if err != nil || left != 0 {
		t.Fatalf("got %d left out, %v", left, err)
	}
	want := []Sample{
		{"free_thing", "", false, 1},
		{"gc_seconds_count", "", true, 9},
		{"gc_seconds_quantile_0.5", "seconds", false, 0.001},
		{"gc_seconds_sum", "seconds", true, 2},
		{`http_requests_total{code="200",method="get"}`, "", true, 1027},
		{`http_requests_total{code="500",method="get"}`, "", true, 3},
		{"other_total", "", true, 4},
		{"process_resident_memory_bytes", "bytes", false, 4.2e7},
		{"request_duration_seconds_count", "", true, 7},
		{"request_duration_seconds_sum", "seconds", true, 1.5},
	}
	if len(samples) != len(want) {
		t.Fatalf("got %+v, want %+v", samples, want)
	}
	for i := range want {
		if samples[i] != want[i] {
			t.Errorf("sample %d: got %+v, want %+v", i, samples[i], want[i])
		}
	}
}

func TestSeriesAndNamesAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range MaxSeries + 50 {
		fmt.Fprintf(&b, "metric_%05d 1\n", i)
	}
	fmt.Fprintf(&b, "long{x=%q} 1\n", strings.Repeat("y", MaxName))
	samples, left, err := Parse([]byte(b.String()))
	if err != nil || len(samples) != MaxSeries || left != 51 {
		t.Errorf("got %d samples and %d left out, %v, want %d and 51", len(samples), left, err, MaxSeries)
	}
}

func TestStrangePagesAreRefused(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"too large": func(w http.ResponseWriter, _ *http.Request) {
			line := []byte(strings.Repeat("# x\n", 1<<18))
			for range 5 {
				w.Write(line)
			}
		},
		"status":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"no page":  func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) },
	} {
		server := httptest.NewServer(answer)
		s := New(server.URL)
		if _, _, err := s.Scrape(t.Context()); err == nil || !strings.Contains(err.Error(), server.URL) {
			t.Errorf("%s: got %v, want an error that names the page", name, err)
		}
		s.Close()
		server.Close()
	}
}

func TestPageIsScraped(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(page)) }))
	defer server.Close()
	s := New(server.URL)
	defer s.Close()
	if samples, _, err := s.Scrape(t.Context()); err != nil || len(samples) != 10 {
		t.Errorf("got %d samples, %v, want 10", len(samples), err)
	}
}

func FuzzParseKeepsItsLimits(f *testing.F) {
	f.Add([]byte(page))
	f.Add([]byte("{\"quoted name\"} 1\n"))
	f.Add([]byte("# TYPE a histogram\na_bucket{le=\"x\"} 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		samples, _, err := Parse(data)
		if err == nil && len(samples) > MaxSeries {
			t.Errorf("got %d samples", len(samples))
		}
		for _, s := range samples {
			if len(s.Name) > MaxName || s.Value-s.Value != 0 {
				t.Errorf("got %+v", s)
			}
		}
	})
}
