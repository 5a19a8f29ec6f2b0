package trial

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/harness/victim"
)

const (
	// slipInterval is how often the clocked probe is to ask.
	slipInterval = 500 * time.Millisecond
	// slipTime is for how long it is clocked.
	slipTime = 45 * time.Second
	// blockTime is how long the other probe blocks each time.
	blockTime = 30 * time.Second
)

// Slip is how late homeostat asks a probe while another probe of the same
// component blocks for 30 s, as seen by the one who is asked.
type Slip struct {
	Asked int `json:"asked"`
	// Median and P99 are the time from one question to the next, beyond the
	// interval.
	Median time.Duration `json:"median_ns"`
	P99    time.Duration `json:"p99_ns"`
}

// String reads like "90 questions, late by 1ms at the median and 12ms at p99".
func (s Slip) String() string {
	return fmt.Sprintf("%d questions, late by %s at the median and %s at p99",
		s.Asked, s.Median.Round(time.Millisecond), s.P99.Round(time.Millisecond))
}

// book writes down when it was asked. It is safe for use by several goroutines.
type book struct {
	mu    sync.Mutex // guards what follows
	times []time.Time
}

func (b *book) ServeHTTP(http.ResponseWriter, *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.times = append(b.times, time.Now())
}

// slip judges the times since the beginning.
func (b *book) slip(since time.Time) Slip {
	b.mu.Lock()
	defer b.mu.Unlock()
	times := slices.DeleteFunc(slices.Clone(b.times), func(t time.Time) bool { return t.Before(since) })
	if len(times) < 2 {
		return Slip{Asked: len(times)}
	}
	late := make([]time.Duration, len(times)-1)
	for i := range late {
		late[i] = times[i+1].Sub(times[i]) - slipInterval
	}
	slices.Sort(late)
	return Slip{Asked: len(times), Median: late[(len(late)-1)/2], P99: late[(len(late)-1)*99/100]}
}

// MeasureSlip clocks a probe of a live homeostat, with the programs of folder
// bin, beside one that blocks.
func MeasureSlip(ctx context.Context, bin string) (slip Slip, err error) {
	dir, err := os.MkdirTemp("", "slip-")
	if err != nil {
		return slip, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	v, err := victim.New(victim.Options{Name: "clocked", Dir: dir, Program: filepath.Join(bin, "shop-store")})
	if err != nil {
		return slip, err
	}
	asked := &book{}
	clock := httptest.NewServer(asked)
	defer clock.Close()
	d, err := daemon.Start(ctx, daemon.Options{Bin: bin, Dir: dir, Victims: []*victim.Victim{v}, Further: slipProbes(clock.URL)})
	if err != nil {
		return slip, err
	}
	defer func() { err = errors.Join(err, d.Stop(), v.Kill()) }()
	bounded, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := d.AwaitUp(bounded, v.Name); err != nil {
		return slip, err
	}
	begun := time.Now()
	err = sleep(ctx, slipTime)
	return asked.slip(begun), err
}

// slipProbes are further probes of the last component of the configuration.
func slipProbes(clock string) string {
	return fmt.Sprintf(`
[[component.probe]]
name = "clock"
type = "http"
url = %q
interval = %q

[[component.probe]]
name = "blocked"
type = "exec"
command = ["sleep", "%.0f"]
interval = "1s"
timeout = %q
`, clock, slipInterval, blockTime.Seconds(), 2*blockTime)
}
