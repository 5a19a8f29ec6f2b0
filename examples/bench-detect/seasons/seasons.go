// Package seasons measures the seasonal forecast over generated hourly series,
// beside the reference methods of the M4 competition (Makridakis et al., The M4
// Competition, 2020): seasonal naive, Naive 2 and Theta.
//
// It owns the generator, the reference methods and the measures. The series are
// no M4 ones: they have what hourly series of that competition have (a strong
// day, a week in most, amplitudes that change from day to day, little trend),
// and are close enough that the references get about the marks they have there.
// All of it comes from fixed seeds. Its functions are for one goroutine.
package seasons

import (
	"context"
	"fmt"
	"math"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-timeseries/forecast"
)

// Set is the benchmark.
var Set = table.Set{Name: "seasons", Run: run}

const (
	series = 200
	period = 24
	ahead  = 48
)

// method forecasts so many values after a series.
type method struct {
	name     string
	forecast func(x []float64) []float64
}

var methods = [...]method{{"Season", ours}, {"seasonal naive", seasonalNaive}, {"Naive 2", naive2}, {"Theta", theta}}

func run(ctx context.Context, _ table.Input) ([]table.Row, error) {
	sums, err := measure(ctx, 0)
	if err != nil {
		return nil, err
	}
	const base = 2 // Naive 2
	rows := []table.Row{{Set: "seasons", What: fmt.Sprintf("OWA of %d generated hourly series, 48 h ahead", series), Got: sums[0].owa(sums[base]),
		Bar: 0.60, Want: table.AtMost, Reference: "on M4 hourly: best published .410"}}
	references := [...]string{1: "on M4 hourly .628", 2: "1 by definition", 3: "on M4 hourly 1.006"}
	for i, m := range methods[1:] {
		rows = append(rows, table.Row{Set: "seasons", What: "the same by " + m.name, Got: sums[i+1].owa(sums[base]), Reference: references[i+1]})
	}
	return rows, nil
}

// measure sums the errors of each method over series from a first seed on.
func measure(ctx context.Context, first uint64) (sums [len(methods)]errors2, err error) {
	for seed := first; seed < first+series; seed++ {
		if err := ctx.Err(); err != nil {
			return sums, err
		}
		all := hourly(seed)
		known, test := all[:len(all)-ahead], all[len(all)-ahead:]
		scale := scaleOf(known)
		for i, m := range methods {
			sums[i].add(m.forecast(known), test, scale)
		}
	}
	return sums, nil
}

func ours(x []float64) []float64 {
	model := forecast.NewSeason(period)
	for _, v := range x {
		model.Add(v)
	}
	out := make([]float64, ahead)
	for k := range out {
		out[k], _ = model.Ahead(k + 1)
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

// owa is the mean of both errors as shares of those of another method.
func (e *errors2) owa(of errors2) float64 { return (e.smape/of.smape + e.mase/of.mase) / 2 }

// scaleOf is the mean error of the seasonal naive forecast within x.
func scaleOf(x []float64) float64 {
	sum := 0.0
	for i := period; i < len(x); i++ {
		sum += math.Abs(x[i] - x[i-period])
	}
	return sum / float64(len(x)-period)
}
