package timeseries

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// BenchmarkTenThousandSeries judges 500 components of 20 signals at 1 Hz, a
// minute of samples in each window, and reports the share of a core and the
// memory that this takes.
func BenchmarkTenThousandSeries(b *testing.B) {
	const components, signals, seconds = 500, 20, 60
	bn := newBench(b, "")
	rng := rand.New(rand.NewPCG(1, 1))
	windows := make([]sdk.Window, components)
	for c := range windows {
		w := &windows[c]
		w.Component = fmt.Sprint("component-", c)
		for n := range signals {
			s := sdk.Series{Component: w.Component, Name: fmt.Sprint("signal_", n), Kind: sdk.Gauge,
				Times: make([]int64, seconds), Values: make([]float64, seconds)}
			for i := range s.Values {
				s.Values[i] = 50 + 10*rng.NormFloat64()
			}
			w.Series = append(w.Series, s)
		}
	}
	var empty, full runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&empty)
	minute := 0
	used := cpu(b)
	for b.Loop() {
		for c := range windows {
			windows[c].End = begin.Add(time.Duration(minute+1) * time.Minute)
			for n := range windows[c].Series {
				s := &windows[c].Series[n]
				for i := range s.Times {
					s.Times[i] = begin.Add(time.Duration(minute)*time.Minute + time.Duration(i)*time.Second).UnixMilli()
				}
			}
			_, _ = bn.d.Detect(b.Context(), windows[c])
		}
		minute++
	}
	used = cpu(b) - used
	runtime.GC()
	runtime.ReadMemStats(&full)
	b.ReportMetric(100*used.Seconds()/(float64(minute)*seconds), "%core")
	runtime.KeepAlive(bn)
	b.ReportMetric(float64(full.HeapAlloc-empty.HeapAlloc)/1e6, "MB")
}

// cpu is the time that this process has used on processors.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
