package observe

import (
	"cmp"
	"context"
	"time"

	"github.com/homeostat/homeostat/host/observe/scrape"
	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

// scrapeInterval is the time between two looks at a page of metrics where the
// operator has not decided it.
const scrapeInterval = 5 * time.Second

// The signals that tell of the scrape itself.
var (
	scrapeUp      = tape.Signal{Name: "scrape_up", Unit: "fraction", Kind: sdk.Gauge, Range: fraction}
	scrapeSeconds = tape.Signal{Name: "scrape_duration_seconds", Unit: "seconds", Kind: sdk.Gauge}
)

// reserved are the names that a page must not use for its own metrics.
var reserved = func() map[string]bool {
	out := map[string]bool{}
	for _, s := range []tape.Signal{cpuPercent, cpuDemand, rssBytes, threads, fds, processes, ioRead, ioWrite, restarts,
		logLines, logErrors, scrapeUp, scrapeSeconds} {
		out[s.Name] = true
	}
	return out
}()

// scraping is the goroutine that scrapes one component.
type scraping struct {
	page   page
	cancel context.CancelFunc
}

// page is what is scraped and how often.
type page struct {
	url   string
	every time.Duration
}

// scrape starts and ends goroutines so that each page has one.
func (o *Observer) scrape(components []Component) {
	o.mu.Lock()
	defer o.mu.Unlock()
	wanted := map[string]page{}
	for _, c := range components {
		if c.Scrape != "" {
			wanted[c.Name] = page{c.Scrape, cmp.Or(c.ScrapeInterval, scrapeInterval)}
		}
	}
	for name, s := range o.scrapers {
		if wanted[name] != s.page {
			s.cancel()
			delete(o.scrapers, name)
		}
	}
	for name, one := range wanted {
		if o.scrapers[name] == nil && o.ctx.Err() == nil {
			ctx, cancel := context.WithCancel(o.ctx)
			o.scrapers[name] = &scraping{one, cancel}
			o.spawn(func() { o.scrapeUntil(ctx, name, one) })
		}
	}
}

// scrapeUntil scrapes a page until the context ends.
func (o *Observer) scrapeUntil(ctx context.Context, component string, p page) {
	s := scrape.New(p.url)
	defer s.Close()
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	state := scrapeState{log: o.log.With("component", component, "url", p.url)}
	for {
		began := time.Now()
		samples, left, err := s.Scrape(ctx)
		if ctx.Err() != nil {
			return
		}
		state.report(left, err)
		o.tape.Add(readClocks(), tape.Batch{Component: component, Samples: scraped(samples, time.Since(began), err)})
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func scraped(samples []scrape.Sample, took time.Duration, err error) []tape.Sample {
	if err != nil {
		return []tape.Sample{{Signal: scrapeUp, Value: 0}}
	}
	out := []tape.Sample{
		{Signal: scrapeUp, Value: 1},
		{Signal: scrapeSeconds, Value: took.Round(time.Microsecond).Seconds()},
	}
	for _, s := range samples {
		if reserved[s.Name] {
			continue
		}
		kind := sdk.Gauge
		if s.Counter {
			kind = sdk.Counter
		}
		out = append(out, tape.Sample{Signal: tape.Signal{Name: s.Name, Unit: s.Unit, Kind: kind}, Value: s.Value})
	}
	return out
}
