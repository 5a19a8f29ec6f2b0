package observe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/sdk"
)

// used is the time on a processor that this process has taken so far.
func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkThousandSignals measures what 1,000 signals at 1 Hz cost: 112
// components of nine signals, this process standing for each, with a feed that
// takes windows every second and one every 30 s with five minutes of look-back.
// It runs for ten seconds of real time and reports the share of one core.
func BenchmarkThousandSignals(b *testing.B) {
	dir := b.TempDir()
	o := New(Options{Log: hclog.NewNullLogger(), Source: self{}, StateDir: dir})
	defer o.Close()
	var components []Component
	for i := range 112 {
		components = append(components, Component{Name: fmt.Sprintf("c%03d", i), Logs: []string{filepath.Join(dir, fmt.Sprintf("c%03d.log", i%10))}})
	}
	o.Apply(components, nil)
	for name, interval := range map[string]time.Duration{"fast": time.Second, "slow": 30 * time.Second} {
		_, err := o.AddFeed(Feed{Name: name, Interval: interval, Lookback: 10 * interval,
			Deliver: func(context.Context, string, sdk.Window) error { return nil }})
		if err != nil {
			b.Fatal(err)
		}
	}
	o.Start()
	var share float64
	for b.Loop() {
		before, began := used(b), time.Now()
		time.Sleep(10 * time.Second)
		share = 100 * float64(used(b)-before) / float64(time.Since(began))
	}
	signals := 0
	for _, c := range components {
		signals += len(o.Signals(c.Name))
	}
	b.ReportMetric(share, "%core")
	b.ReportMetric(float64(signals), "signals")
}

// BenchmarkPushedWindow measures the time from an event to the call of a feed,
// with 30 signals of ten minutes each in the window.
func BenchmarkPushedWindow(b *testing.B) {
	o := New(Options{Log: hclog.NewNullLogger(), Source: self{}})
	defer o.Close()
	o.Apply([]Component{{Name: "web"}}, nil)
	called := make(chan struct{})
	_, err := o.AddFeed(Feed{Name: "f", Interval: time.Hour, Lookback: 10 * time.Minute,
		Deliver: func(context.Context, string, sdk.Window) error { called <- struct{}{}; return nil }})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 600 {
		batch := tape.Batch{Component: "web"}
		for s := range 30 {
			batch.Samples = append(batch.Samples, tape.Sample{Signal: tape.Signal{Name: fmt.Sprint("s", s)}, Value: float64(i)})
		}
		o.tape.Add(readClocks(), batch)
	}
	for b.Loop() {
		o.Event(sdk.Event{Time: time.Now(), Component: "web", Type: sdk.EventExited, PID: os.Getpid()})
		<-called
	}
}
