// Package fills measures the forecasts over generated data: disks that fill and
// disks that do not, and seasonal series.
//
// It owns the generators and the measures. All of it comes from fixed seeds. Its
// functions are for one goroutine.
package fills

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-timeseries/forecast"
)

// Set is the benchmark.
var Set = table.Set{Name: "forecast", Run: run}

const (
	fillsMade = 58
	row       = 60 // seconds
	horizon   = 24 * time.Hour
)

func run(ctx context.Context, in table.Input) ([]table.Row, error) {
	ours, naive := tally{}, tally{}
	for i := range fillsMade {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d := generate(uint64(i))
		ours.add(d, theilSen(d))
		naive.add(d, straight(d))
	}
	rows := []table.Row{
		{Set: "forecast", What: fmt.Sprintf("fills caught an hour or more ahead, of %d", fillsMade), Got: float64(ours.caught), Bar: fillsMade, Want: table.AtLeast,
			Reference: fmt.Sprintf("a least-squares line over 6 h: %d", naive.caught)},
		{Set: "forecast", What: "false-alarm time on disks that do not fill, percent", Got: ours.share(), Bar: 0.34, Want: table.AtMost,
			Reference: fmt.Sprintf("a least-squares line over 6 h: %.3g", naive.share())},
	}
	return append(rows, seasonal()...), nil
}

// disk is one run of a disk in percent, a value a minute.
type disk struct {
	used []float64
	// fills is the row from which it fills, len(used) when it does not; full is
	// the row at which it is full.
	begins, full int
}

// generate makes five days of a disk: noise, a daily wave from logs and their
// rotation, a nightly backup that comes and goes, and then a leak of a random
// steepness that fills it in 5 to 40 hours.
func generate(seed uint64) disk {
	const day = 86400 / row
	rng := rand.New(rand.NewPCG(seed, 17))
	level := 30 + 30*rng.Float64()
	wave, backup, noise := 4*rng.Float64(), 10*rng.Float64(), 0.02+0.2*rng.Float64()
	start := 2*60 + rng.IntN(60)
	lasts := 20 + rng.IntN(70)
	d := disk{begins: 4*day + rng.IntN(day)}
	rate := (100 - level) / (60 * (5 + 35*rng.Float64()))
	for i := 0; ; i++ {
		v := level + wave*float64((i+300)%day)/day + noise*rng.NormFloat64()
		if m := i % day; m >= start && m < start+lasts {
			v += backup * float64(m-start) / float64(lasts)
		}
		if i > d.begins {
			v += rate * float64(i-d.begins)
		}
		if v >= 100 {
			d.full = i
			return d
		}
		d.used = append(d.used, v)
	}
}

// theilSen is the minutes at which the plugin's model forecasts a full disk.
func theilSen(d disk) []bool {
	var f forecast.Fill
	out := make([]bool, len(d.used))
	for i, v := range d.used {
		f.Add(int64(i)*row, v)
		_, out[i] = f.Reaches(100, horizon)
	}
	return out
}

// straight is the usual rule: a least-squares line over the last six hours that
// reaches the limit within the horizon.
func straight(d disk) []bool {
	const width = 6 * 60
	out := make([]bool, len(d.used))
	for i := width; i < len(d.used); i++ {
		sx, sy, sxx, sxy := 0.0, 0.0, 0.0, 0.0
		for k, v := range d.used[i-width : i] {
			x := float64(k)
			sx, sy, sxx, sxy = sx+x, sy+v, sxx+x*x, sxy+x*v
		}
		slope := (width*sxy - sx*sy) / (width*sxx - sx*sx)
		out[i] = d.used[i]+slope*horizon.Seconds()/row >= 100
	}
	return out
}

// tally counts caught fills, and minutes of alarm where nothing fills.
type tally struct{ caught, wrong, quiet int }

func (t *tally) add(d disk, alarm []bool) {
	for _, a := range alarm[:d.begins] {
		t.quiet++
		if a {
			t.wrong++
		}
	}
	const ahead = 60
	if at := d.full - ahead; at > d.begins && alarm[at] {
		t.caught++
	}
}

func (t *tally) share() float64 { return 100 * float64(t.wrong) / float64(t.quiet) }

// seasonal forecasts 48 hours of generated hourly series of four weeks and
// compares by OWA with Naive 2, as the M4 competition does (Makridakis et al.,
// 2020); here Naive 2 is the last value with additive hours of the day.
func seasonal() []table.Row {
	const series, period, ahead = 60, 24, 48
	var ours, snaive, naive errors2
	for seed := range uint64(series) {
		all := hourly(seed)
		train, test := all[:len(all)-ahead], all[len(all)-ahead:]
		model := forecast.NewSeason(period)
		for _, v := range train {
			model.Add(v)
		}
		last := seasonOf(train, period)
		var a, b, c []float64
		for k := range test {
			v, _ := model.Ahead(k + 1)
			n := len(train)
			a, b = append(a, v), append(b, train[n-period+k%period])
			c = append(c, train[n-1]-last[(n-1)%period]+last[(n+k)%period])
		}
		scale := scaleOf(train, period)
		ours.add(a, test, scale)
		snaive.add(b, test, scale)
		naive.add(c, test, scale)
	}
	return []table.Row{{Set: "forecast", What: "seasonal OWA over 60 generated hourly series, 48 h ahead", Got: ours.owa(naive), Bar: 0.60, Want: table.AtMost,
		Reference: fmt.Sprintf("seasonal naive %.3f on the same; M4 hourly: seasonal naive .628, best .410", snaive.owa(naive))}}
}

// hourly makes four weeks with seasons of day and week, a slow drift, noise that
// remembers, and rare spikes.
func hourly(seed uint64) []float64 {
	const weeks, week = 4, 168
	rng := rand.New(rand.NewPCG(seed, 23))
	level, day, weekly := 50+100*rng.Float64(), 5+25*rng.Float64(), 8*rng.Float64()
	phase, sharp := 2*math.Pi*rng.Float64(), rng.Float64()
	noise, walk, ar := 1+4*rng.Float64(), 0.0, 0.0
	out := make([]float64, weeks*week)
	for i := range out {
		x := 2*math.Pi*float64(i%24)/24 + phase
		ar = 0.7*ar + noise*rng.NormFloat64()
		walk += 0.1 * noise * rng.NormFloat64()
		out[i] = level + day*(math.Sin(x)+sharp*math.Sin(2*x)/2) + weekly*math.Sin(2*math.Pi*float64(i)/week) + ar + walk
		if rng.IntN(100) == 0 {
			out[i] += 4 * noise
		}
		out[i] = max(out[i], 1)
	}
	return out
}

// errors2 sums the two errors of which OWA is made.
type errors2 struct{ smape, mase float64 }

func (e *errors2) add(got, want []float64, scale float64) {
	for i := range want {
		d := math.Abs(got[i] - want[i])
		e.smape += 2 * d / (math.Abs(got[i]) + math.Abs(want[i]))
		e.mase += d / scale
	}
}

func (e *errors2) owa(of errors2) float64 { return (e.smape/of.smape + e.mase/of.mase) / 2 }

// scaleOf is the mean error of the seasonal naive forecast within x.
func scaleOf(x []float64, period int) float64 {
	sum := 0.0
	for i := period; i < len(x); i++ {
		sum += math.Abs(x[i] - x[i-period])
	}
	return sum / float64(len(x)-period)
}

// seasonOf is the mean of each slot of the period, less the mean of all.
func seasonOf(x []float64, period int) []float64 {
	out := make([]float64, period)
	whole := len(x) / period * period
	for i, v := range x[:whole] {
		out[i%period] += v * float64(period) / float64(whole)
	}
	all := 0.0
	for _, v := range out {
		all += v / float64(period)
	}
	for i := range out {
		out[i] -= all
	}
	return out
}
