package load

import (
	"fmt"
	"net/http"
	"time"
)

// Limits are what the users put up with.
type Limits struct {
	// P99 is the slowest that is good, Errors the largest share of failures.
	P99    time.Duration `json:"p99_ns"`
	Errors float64       `json:"errors"`
}

// Judge returns what is wrong with the figures of a load that expects so many
// requests; empty when nothing is.
func (l Limits) Judge(f Figures, expected float64) string {
	const enough = 0.5 // of what was expected, or nobody can say
	switch {
	case float64(f.Requests) < enough*expected:
		return fmt.Sprintf("only %d of %.0f requests ended", f.Requests, expected)
	case f.Errors() > l.Errors:
		return fmt.Sprintf("%.1f %% of the requests failed, %.1f %% are allowed", 100*f.Errors(), 100*l.Errors)
	case f.P99 > l.P99:
		return fmt.Sprintf("the 99th percentile is %s, %s is allowed", f.P99.Round(time.Millisecond), l.P99)
	}
	return ""
}

// Moment is the span that the page tells of.
const Moment = time.Second

// Page serves /well, which answers 200 while the last moment was within the
// limits and 503 otherwise, and /metrics in Prometheus' text form.
func (l *Load) Page(limits Limits) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /well", func(w http.ResponseWriter, _ *http.Request) {
		if wrong := limits.Judge(l.Last(Moment), l.Expected(Moment)); wrong != "" {
			http.Error(w, wrong, http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "well")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		f := l.Last(Moment)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		gauge := func(name string, value float64) { fmt.Fprintf(w, "# TYPE %s gauge\n%s %g\n", name, name, value) }
		gauge("users_p99_seconds", f.P99.Seconds())
		gauge("users_error_ratio", f.Errors())
		gauge("users_requests_per_second", float64(f.Requests)/Moment.Seconds())
		if f.Hits+f.Misses > 0 { // where nothing was answered, a ratio of 0 would ask for more memory
			gauge("users_hit_ratio", f.HitRatio())
		}
	})
	return mux
}
