package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/sdk"
)

// collector shows the daemon's state to Prometheus; it is read at each scrape.
type collector struct{ app *App }

var (
	upDesc        = prometheus.NewDesc("homeostat_component_up", "1 while a component is up and its probes pass.", []string{"component"}, nil)
	ordersDesc    = prometheus.NewDesc("homeostat_restart_orders_total", "Restarts ordered by the host.", []string{"component"}, nil)
	incidentsDesc = prometheus.NewDesc("homeostat_open_incidents", "Incidents that are not resolved.", nil, nil)
	recoverDesc   = prometheus.NewDesc("homeostat_active_recoveries", "Recoveries under way.", nil, nil)
	approvalsDesc = prometheus.NewDesc("homeostat_pending_approvals", "Proposals that wait for a person.", nil, nil)
	rateDesc      = prometheus.NewDesc("homeostat_auto_healing_ratio", "Share of incidents that ended well without a person.", nil, nil)
	pluginDesc    = prometheus.NewDesc("homeostat_plugin_ready", "1 while a plugin is ready.", []string{"plugin", "kind"}, nil)
	respawnDesc   = prometheus.NewDesc("homeostat_plugin_restarts_total", "Restarts of a plugin.", []string{"plugin"}, nil)
)

// Describe names all metrics.
func (c collector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect reads the present state.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	sum := c.app.healer.Summary()
	gauge(incidentsDesc, float64(sum.OpenIncidents))
	gauge(recoverDesc, float64(sum.ActiveRecoveries))
	gauge(approvalsDesc, float64(sum.PendingApprovals))
	gauge(rateDesc, sum.AutoHealingRate/100)
	c.changes(gauge)
	c.messages(gauge, counter)
	for _, s := range c.app.set.Statuses() {
		status, _ := source{c.app.set}.Status(s.Name)
		gauge(upDesc, indicator(status.State == sdk.StateUp), s.Name)
		counter(ordersDesc, float64(c.app.orders.of(s.Name)), s.Name)
	}
	for _, p := range daemonService(c).Plugins() {
		gauge(pluginDesc, indicator(p.State == "ready"), p.Name, p.Kind)
		counter(respawnDesc, float64(p.Restarts), p.Name)
	}
}

var (
	breakerDesc  = prometheus.NewDesc("homeostat_change_breaker_open", "1 while the breaker of changes refuses them.", nil, nil)
	attemptsDesc = prometheus.NewDesc("homeostat_change_attempts", "Changes that the breaker has counted.", nil, nil)
	successDesc  = prometheus.NewDesc("homeostat_change_successes", "Those of them that were kept.", nil, nil)
	gatesOffDesc = prometheus.NewDesc("homeostat_change_gates_off", "1 while refusals are only warnings.", nil, nil)
	openDesc     = prometheus.NewDesc("homeostat_change_open", "Changes under way or being watched.", nil, nil)
	backupsDesc  = prometheus.NewDesc("homeostat_backups", "Stored backups.", nil, nil)
)

// changes reads the state of the change pipeline.
func (c collector) changes(gauge func(*prometheus.Desc, float64, ...string)) {
	s := c.app.pipeline.Gate().Status(time.Now())
	gauge(breakerDesc, indicator(s.Breaker == breaker.Open))
	gauge(attemptsDesc, float64(s.Metrics.Attempts))
	gauge(successDesc, float64(s.Metrics.Successes))
	gauge(gatesOffDesc, indicator(s.Off != nil))
	gauge(openDesc, float64(len(c.app.pipeline.Open())))
	gauge(backupsDesc, float64(len(c.app.backups.List())))
}

var (
	queuedDesc    = prometheus.NewDesc("homeostat_notify_queued", "Messages that wait for the receiver.", nil, nil)
	oldestDesc    = prometheus.NewDesc("homeostat_notify_oldest_seconds", "How long the oldest of them has waited.", nil, nil)
	stoppedDesc   = prometheus.NewDesc("homeostat_notify_stopped", "1 after the receiver has answered that it wants nothing any more.", nil, nil)
	sentDesc      = prometheus.NewDesc("homeostat_notify_sent_total", "Messages that the receiver took.", nil, nil)
	notifyErrDesc = prometheus.NewDesc("homeostat_notify_failures_total", "Attempts that the receiver did not take.", nil, nil)
	droppedDesc   = prometheus.NewDesc("homeostat_notify_dropped_total", "Messages given up unsent, over all lives of the daemon.", nil, nil)
)

// messages reads the state of notifications.
func (c collector) messages(gauge, counter func(*prometheus.Desc, float64, ...string)) {
	s := c.app.notifier.Status()
	gauge(queuedDesc, float64(s.Queue.Count))
	age := 0.0
	if !s.Queue.Oldest.IsZero() {
		age = max(time.Since(s.Queue.Oldest).Seconds(), 0)
	}
	gauge(oldestDesc, age)
	gauge(stoppedDesc, indicator(s.Queue.Stopped))
	counter(sentDesc, float64(s.Sent))
	counter(notifyErrDesc, float64(s.Failed))
	counter(droppedDesc, float64(s.Dropped))
}

func indicator(on bool) float64 { //nolint:revive // a metric of a fact is 1 or 0
	if on {
		return 1
	}
	return 0
}

// gatherer returns the metrics of this daemon and of its process.
func (a *App) gatherer() prometheus.Gatherer {
	r := prometheus.NewRegistry()
	r.MustRegister(collector{a}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}
