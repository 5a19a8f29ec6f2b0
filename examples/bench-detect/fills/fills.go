// Package fills measures the forecasts of limits over generated data: disks that
// fill, and the days before on which they do not.
//
// It owns the generator and the measures. All of it comes from fixed seeds. Its
// functions are for one goroutine.
package fills

import (
	"context"
	"fmt"
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
	return []table.Row{
		{Set: "forecast", What: fmt.Sprintf("fills caught an hour or more ahead, of %d", fillsMade), Got: float64(ours.caught), Bar: fillsMade, Want: table.AtLeast,
			Reference: fmt.Sprintf("a least-squares line over 6 h: %d", naive.caught)},
		{Set: "forecast", What: "false-alarm time on disks that do not fill, percent", Got: ours.share(), Bar: 0.34, Want: table.AtMost,
			Reference: fmt.Sprintf("a least-squares line over 6 h: %.3g", naive.share())},
	}, nil
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
