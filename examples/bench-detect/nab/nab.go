// Package nab scores the time-series recipe by the rules of the Numenta Anomaly
// Benchmark (Lavin, Ahmad: Evaluating Real-Time Anomaly Detection Algorithms,
// ICMLA 2015).
//
// It owns the reading of the corpus and the scorer. It knows labels; the recipe
// does not. Its functions are for one goroutine.
package nab

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-timeseries/score"
)

// Set is the benchmark.
var Set = table.Set{Name: "nab", Folder: "nab", Source: "https://github.com/numenta/NAB (data/ and labels/)", Run: run}

const reference = "ARTime 74.9 / 65.2 / 80.4, Numenta HTM 70.1 / 63.1 / 74.3"

func run(ctx context.Context, in table.Input) ([]table.Row, error) {
	files, err := read(in.Folder)
	if err != nil {
		return nil, err
	}
	perPoint, err := judge(ctx, files)
	if err != nil {
		return nil, err
	}
	rows := whole(files)
	rows = append(rows, halves(files)...)
	rows = append(rows, foreign(files))
	rows = append(rows,
		table.Row{Set: "nab", What: "µs of one core a point", Got: perPoint, Bar: 10, Want: table.AtMost},
		table.Row{Set: "nab", What: "bytes of state a series", Got: float64(score.Bytes), Bar: 16384, Want: table.AtMost})
	if !in.Range {
		return rows, nil
	}
	more, err := ranged(ctx, files)
	return append(rows, more...), err
}

// ranged measures again with the least and the most of each file known to its
// series, which the benchmark allows.
func ranged(ctx context.Context, files []*file) ([]table.Row, error) {
	for _, f := range files {
		f.known = true
	}
	if _, err := judge(ctx, files); err != nil {
		return nil, err
	}
	rows := append(whole(files), halves(files)...)
	for i := range rows {
		rows[i].What = "range known: " + rows[i].What
	}
	return rows, nil
}

// judge lets a fresh series judge each file and returns microseconds a point.
func judge(ctx context.Context, files []*file) (float64, error) {
	points := 0
	runtime.GC()
	begun, err := table.CPU()
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		var s score.Series
		if f.known {
			s.Bound(slices.Min(f.values), slices.Max(f.values))
		}
		f.score = make([]float64, len(f.values))
		for i, v := range f.values {
			f.score[i] = s.Add(f.times[i], v).New
		}
		points += len(f.values)
	}
	ended, err := table.CPU()
	return float64((ended - begun).Microseconds()) / float64(points), err
}

// whole is every file with the best threshold of each profile, and with the one
// that is fixed in the plugin.
func whole(files []*file) []table.Row {
	bars := [...]table.Row{{Bar: 75, Want: table.AtLeast}, {Bar: 67, Want: table.AtLeast}, {}}
	var rows []table.Row
	for i, p := range profiles {
		best := optimum(files, p)
		row := bars[i]
		row.Set, row.Got, row.Reference = "nab", best.score, reference
		row.What = fmt.Sprintf("%s, best threshold %.2f", p.name, best.threshold)
		rows = append(rows, row)
	}
	for _, p := range profiles {
		rows = append(rows, table.Row{Set: "nab", What: fmt.Sprintf("%s, the plugin's fixed threshold %.2f", p.name, score.Threshold),
			Got: at(files, p, score.Threshold)})
	}
	return rows
}

// halves sets the threshold on the files of even index and judges on the odd.
func halves(files []*file) []table.Row {
	var half [2][]*file
	for i, f := range files {
		half[i%2] = append(half[i%2], f)
	}
	var rows []table.Row
	for _, p := range profiles[:2] {
		best := optimum(half[0], p)
		rows = append(rows,
			table.Row{Set: "nab", What: fmt.Sprintf("%s, even files, their best threshold %.2f", p.name, best.threshold), Got: best.score},
			table.Row{Set: "nab", What: p.name + ", odd files, threshold of the even ones", Got: at(half[1], p, best.threshold)})
	}
	return rows
}

// foreign judges each category with the threshold of all the others.
func foreign(files []*file) table.Row {
	categories := map[string]bool{}
	for _, f := range files {
		categories[f.category] = true
	}
	standard, sum := profiles[0], 0.0
	for c := range categories {
		var own, others []*file
		for _, f := range files {
			if f.category == c {
				own = append(own, f)
			} else {
				others = append(others, f)
			}
		}
		sum += raw(own, standard, optimum(others, standard).threshold)
	}
	return table.Row{Set: "nab", What: "standard, threshold of the other categories", Got: normalised(files, standard, sum),
		Bar: 71, Want: table.AtLeast, Reference: "Random Cut Forest 37.7"}
}
