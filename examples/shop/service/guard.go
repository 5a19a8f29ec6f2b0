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
	v.Metrics.MustRegister(requests, seconds, inFlight)
	h := v.Faults.Gate(pages)
	h = bounded(h, v.settings.Server)
	h = promhttp.InstrumentHandlerCounter(requests, h)
	h = promhttp.InstrumentHandlerDuration(seconds, h)
	return promhttp.InstrumentHandlerInFlight(inFlight, h)
}

// bounded lets s.Workers requests through at a time.
func bounded(next http.Handler, s Server) http.Handler {
	free := make(chan struct{}, s.Workers)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		patience := time.NewTimer(s.Patience.Duration)
		defer patience.Stop()
		select {
		case free <- struct{}{}:
			defer func() { <-free }()
			next.ServeHTTP(w, r)
		case <-patience.C:
			http.Error(w, "all workers are busy", http.StatusServiceUnavailable)
		case <-r.Context().Done():
		}
	})
}
