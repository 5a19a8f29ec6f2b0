package service

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// guarded puts metrics, the bound on workers and the faults around pages, in
// this order from the outside, so that the metrics show what a client sees.
func (v *Service) guarded(pages http.Handler) http.Handler {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "shop_requests_total", Help: "Requests answered, by status code.",
	}, []string{"code"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "shop_request_seconds", Help: "Time from request to answer.", Buckets: prometheus.DefBuckets,
	}, nil)
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "shop_requests_in_flight", Help: "Requests begun and not answered yet.",
	})
	waiting := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "shop_requests_waiting", Help: "Requests that wait for a free worker.",
	})
	v.Metrics.MustRegister(requests, seconds, inFlight, waiting)
	h := v.Faults.Gate(pages)
	h = bounded(busy(h, v.settings.Server.Work.Duration), v.settings.Server, waiting)
	h = promhttp.InstrumentHandlerCounter(requests, h)
	h = promhttp.InstrumentHandlerDuration(seconds, h)
	return promhttp.InstrumentHandlerInFlight(inFlight, h)
}

// busy makes every request keep its worker for a while, as one that has more to
// do would.
func busy(next http.Handler, work time.Duration) http.Handler {
	if work == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(work)
		defer timer.Stop()
		select {
		case <-timer.C:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// bounded lets s.Workers requests through at a time, and shows how many wait.
func bounded(next http.Handler, s Server, waiting prometheus.Gauge) http.Handler {
	free := make(chan struct{}, s.Workers)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		patience := time.NewTimer(s.Patience.Duration)
		defer patience.Stop()
		waiting.Inc()
		select {
		case free <- struct{}{}:
			waiting.Dec()
			defer func() { <-free }()
			next.ServeHTTP(w, r)
		case <-patience.C:
			waiting.Dec()
			http.Error(w, "all workers are busy", http.StatusServiceUnavailable)
		case <-r.Context().Done():
			waiting.Dec()
		}
	})
}
