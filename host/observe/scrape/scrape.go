// Package scrape reads metrics in Prometheus' text format.
//
// It owns the limits on what a stranger's page may hold, and the names and
// units of the signals that come of it. It has no schedule. A Scraper may be
// used by one goroutine at a time.
package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Limits on a page of metrics. What is beyond MaxSeries, in the order of names,
// and what has a longer name is left out and counted.
const (
	MaxBody   = 4 << 20
	MaxSeries = 500
	MaxName   = 200
	Timeout   = 3 * time.Second
)

// Sample is one value of a page.
type Sample struct {
	// Name is the metric's name, with its labels in the order of their names.
	Name string
	// Unit is what the name's ending says, as Prometheus' conventions have it,
	// or empty.
	Unit    string
	Counter bool
	Value   float64
}

// Scraper reads one page.
type Scraper struct {
	url    string
	client *http.Client
}

// New returns a Scraper of a page. Neither proxies nor redirects are followed:
// the address is the operator's word.
func New(url string) *Scraper {
	return &Scraper{url: url, client: &http.Client{
		Timeout:   Timeout,
		Transport: &http.Transport{MaxIdleConns: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// Close lets go of the connection.
func (s *Scraper) Close() { s.client.CloseIdleConnections() }

// Scrape reads the page once, ordered by name, and returns how many series were
// left out for the limits.
func (s *Scraper) Scrape(ctx context.Context) (samples []Sample, left int, err error) {
	body, err := s.fetch(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("scrape %s: %w", s.url, err)
	}
	samples, left, err = Parse(body)
	if err != nil {
		return nil, 0, fmt.Errorf("scrape %s: %w", s.url, err)
	}
	return samples, left, nil
}

func (s *Scraper) fetch(ctx context.Context) (body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/plain;version=0.0.4")
	request.Header.Set("User-Agent", "homeostat")
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s, want 200", answer.Status)
	}
	body, err = io.ReadAll(io.LimitReader(answer.Body, MaxBody+1))
	if err == nil && len(body) > MaxBody {
		err = fmt.Errorf("page is larger than %d bytes", MaxBody)
	}
	return body, err
}

// Parse reads a page. Histograms and summaries give their sum and count;
// summaries their quantiles too. Values that are not finite are left out.
func Parse(page []byte) (samples []Sample, left int, err error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		return nil, 0, err
	}
	var all collector
	for name, family := range families {
		for _, m := range family.GetMetric() {
			all.metric(name, family.GetType(), m)
		}
	}
	slices.SortFunc(all.samples, func(a, b Sample) int { return strings.Compare(a.Name, b.Name) })
	all.samples = slices.CompactFunc(all.samples, func(a, b Sample) bool { return a.Name == b.Name })
	if over := len(all.samples) - MaxSeries; over > 0 {
		all.samples, all.left = all.samples[:MaxSeries], all.left+over
	}
	return all.samples, all.left, nil
}

// collector gathers the samples of a page.
type collector struct {
	samples []Sample
	left    int
}

func (c *collector) metric(name string, kind dto.MetricType, m *dto.Metric) {
	labels := m.GetLabel()
	switch kind {
	case dto.MetricType_COUNTER:
		c.add(Sample{Name: named(name, labels), Counter: true, Value: m.GetCounter().GetValue()})
	case dto.MetricType_GAUGE:
		c.add(Sample{Name: named(name, labels), Value: m.GetGauge().GetValue()})
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		h := m.GetHistogram()
		c.add(Sample{Name: named(name+"_sum", labels), Counter: true, Value: h.GetSampleSum()})
		c.add(Sample{Name: named(name+"_count", labels), Counter: true, Value: float64(h.GetSampleCount())})
	case dto.MetricType_SUMMARY:
		s := m.GetSummary()
		c.add(Sample{Name: named(name+"_sum", labels), Counter: true, Value: s.GetSampleSum()})
		c.add(Sample{Name: named(name+"_count", labels), Counter: true, Value: float64(s.GetSampleCount())})
		for _, q := range s.GetQuantile() {
			c.add(Sample{Name: named(fmt.Sprintf("%s_quantile_%g", name, q.GetQuantile()), labels), Value: q.GetValue()})
		}
	default:
		counter := strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_count") || strings.HasSuffix(name, "_sum")
		c.add(Sample{Name: named(name, labels), Counter: counter, Value: m.GetUntyped().GetValue()})
	}
}

func (c *collector) add(s Sample) {
	if len(s.Name) > MaxName {
		c.left++
		return
	}
	if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
		return
	}
	s.Unit = unit(s.Name)
	c.samples = append(c.samples, s)
}

// named writes a name with its labels, as Prometheus' own queries do.
func named(name string, labels []*dto.LabelPair) string {
	if len(labels) == 0 {
		return name
	}
	pairs := make([]string, len(labels))
	for i, l := range labels {
		pairs[i] = fmt.Sprintf("%s=%q", l.GetName(), l.GetValue())
	}
	slices.Sort(pairs)
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// units are the base units of Prometheus' naming conventions:
// https://prometheus.io/docs/practices/naming/#base-units
var units = [...]string{"seconds", "bytes", "ratio", "celsius", "volts", "amperes", "joules", "grams", "meters"}

func unit(name string) string {
	name, _, _ = strings.Cut(name, "{")
	if at := strings.Index(name, "_quantile_"); at >= 0 {
		name = name[:at]
	}
	if strings.HasSuffix(name, "_count") {
		return ""
	}
	name = strings.TrimSuffix(strings.TrimSuffix(name, "_total"), "_sum")
	for _, u := range units {
		if strings.HasSuffix(name, "_"+u) {
			return u
		}
	}
	return ""
}
