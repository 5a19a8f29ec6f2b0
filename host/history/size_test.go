package history

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/sdk"
)

// plant is a model of a component and its host at 1 Hz, in the resolutions in
// which host/observe measures.
type plant struct {
	rng           *rand.Rand
	at            int64
	rss, fds, mem float64
	load          float64
	lines, total  float64
}

var plantNames = []string{
	"cpu_percent", "cpu_demand_percent", "rss_bytes", "threads", "fds", "io_write_bytes_per_second", "probe_latency_seconds",
	"probe_success", "requests_total", "log_lines_per_second", "load1", "memory_available_percent", "memory_available_bytes",
}

// second returns the values of one second, in the order of plantNames.
func (p *plant) second() []float64 {
	r := p.rng
	jitter := r.Int64N(3)
	p.at += 1000 + jitter - 1
	elapsed := 1 + float64(jitter-1)/1000
	ticks := math.Round(max(0, 6+2*math.Sin(float64(p.at)/3.6e6)+1.5*r.NormFloat64()))
	if r.IntN(4) == 0 {
		p.rss += 4096 * float64(r.IntN(41)-20)
	}
	if r.IntN(10) == 0 {
		p.fds = max(8, p.fds+float64(r.IntN(3)-1))
	}
	p.mem += 4096 * math.Round(300*r.NormFloat64())
	p.load += (ticks/100*2 - p.load) / 60
	p.lines = math.Round(max(0, 5+2*r.NormFloat64()))
	p.total += p.lines * 3
	write := 0.0
	if r.IntN(5) == 0 {
		write = 4096 * float64(r.IntN(64))
	}
	return []float64{
		math.Round(ticks/elapsed*100) / 100, math.Round((ticks+r.ExpFloat64()/2)*100) / 100, p.rss, 14, p.fds, math.Round(write / elapsed / 2),
		math.Round(math.Exp(-7+0.3*r.NormFloat64())*1e6) / 1e6, 1, p.total, p.lines, math.Round(p.load*100) / 100,
		math.Round(p.mem/16e9*1e4) / 100, p.mem,
	}
}

// fill appends hours of all signals, a minute at a time.
func (p *plant) fill(m *Metrics, hours int) (int, error) {
	n := 0
	for range hours * 60 {
		series := make([]sdk.Series, len(plantNames))
		for range 60 {
			for i, v := range p.second() {
				series[i].Component, series[i].Name = "web", plantNames[i]
				series[i].Times = append(series[i].Times, p.at)
				series[i].Values = append(series[i].Values, v)
				n++
			}
		}
		if err := m.AppendSeries(series); err != nil {
			return n, err
		}
	}
	return n, nil
}

// TestSamplesTakeLessThanOneAndThreeQuarterBytes holds the bar of 14 MB for
// 8 million samples on a quarter of a day; HISTORY_HOURS=168 does the whole
// week.
func TestSamplesTakeLessThanOneAndThreeQuarterBytes(t *testing.T) {
	hours := 6
	if os.Getenv("HISTORY_HOURS") == "168" {
		hours = 168
	}
	path := filepath.Join(t.TempDir(), "metrics.db")
	m, err := OpenMetrics(t.Context(), path, Options{Log: hclog.NewNullLogger(), Keep: 1000 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	p := &plant{rng: rand.New(rand.NewPCG(1, 2)), at: day.UnixMilli(), rss: 64 << 20, fds: 20, mem: 8e9}
	began := time.Now()
	n, err := p.fill(m, hours)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d samples in %v", n, time.Since(began))
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	each := float64(info.Size()) / float64(n)
	t.Logf("%d bytes, %.3f a sample, %.1f MB for 8 million", info.Size(), each, each*8)
	if each > 1.75 {
		t.Errorf("%.3f bytes a sample, want at most 1.75", each)
	}
}

// BenchmarkQueryWeek reads a week of one signal at 1 Hz in 600 buckets, as a
// page that draws it does.
func BenchmarkQueryWeek(b *testing.B) {
	m, err := OpenMetrics(b.Context(), filepath.Join(b.TempDir(), "metrics.db"), Options{Log: hclog.NewNullLogger(), Keep: 1000 * time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	p := &plant{rng: rand.New(rand.NewPCG(1, 2)), at: day.UnixMilli()}
	if _, err := p.fill(m, 168); err != nil {
		b.Fatal(err)
	}
	q := Query{Component: "web", Name: "cpu_percent", From: day, To: day.Add(168 * time.Hour)}
	for b.Loop() {
		got, err := m.Series(b.Context(), q)
		if err != nil || len(got) != 1 {
			b.Fatal(len(got), err)
		}
		Downsample(got[0], 168*time.Hour/600)
	}
}

// BenchmarkAppend stores a flush of five seconds of 1,000 signals.
func BenchmarkAppend(b *testing.B) {
	m, err := OpenMetrics(b.Context(), filepath.Join(b.TempDir(), "metrics.db"), Options{Log: hclog.NewNullLogger()})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	second := 0
	for b.Loop() {
		series := make([]sdk.Series, 1000)
		for i := range series {
			series[i] = ramp("web", plantNames[i%13]+string(rune('a'+i/13)), second, 5)
		}
		second += 5
		if err := m.AppendSeries(series); err != nil {
			b.Fatal(err)
		}
	}
}
