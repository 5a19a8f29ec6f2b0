package trial

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tally counts the proofs of an engine over its restarts, from its metrics. begin
// is the only way to one.
type tally struct {
	admin string
	stop  context.CancelFunc
	ended sync.WaitGroup

	mu    sync.Mutex // guards what follows
	last  float64
	total float64
}

const (
	// glance is how long metrics may take, and maxMetrics how long they may be.
	glance     = 2 * time.Second
	maxMetrics = 1 << 20
	proved     = `prover_runs_total{verdict="proved"}`
)

func begin(admin string) *tally {
	ctx, stop := context.WithCancel(context.Background())
	t := &tally{admin: admin, stop: stop}
	t.ended.Go(func() { t.count(ctx) }) // ends with close
	return t
}

func (t *tally) close() {
	t.stop()
	t.ended.Wait()
}

func (t *tally) count(ctx context.Context) {
	clock := time.NewTicker(pause)
	defer clock.Stop()
	for {
		if now, err := gauge(ctx, t.admin, proved); err == nil {
			t.take(now)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// take adds what was proved since the last look. A smaller figure is that of a new
// process.
func (t *tally) take(now float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now < t.last {
		t.last = 0
	}
	t.total += now - t.last
	t.last = now
}

// mark is a moment of the tally.
type mark struct {
	at    time.Time
	total float64
}

func (t *tally) mark() mark {
	t.mu.Lock()
	defer t.mu.Unlock()
	return mark{time.Now(), t.total}
}

// until returns the proofs a minute from m to a later mark.
func (m mark) until(n mark) float64 {
	return (n.total - m.total) / max(n.at.Sub(m.at), time.Millisecond).Minutes()
}

// gauge returns one figure of the metrics at an address.
func gauge(ctx context.Context, admin, name string) (float64, error) {
	b, err := request(ctx, http.MethodGet, "http://"+admin+"/metrics", "")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("%s shows no %s", admin, name)
}

// request asks once, on a connection of its own.
func request(ctx context.Context, method, url, body string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Close = true
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Body.Close() }() // read to its end
	b, err := io.ReadAll(io.LimitReader(a.Body, maxMetrics))
	if err == nil && a.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: it said %s: %.200s", method, url, a.Status, b)
	}
	return b, err
}
