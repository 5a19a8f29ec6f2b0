package world

import (
	"context"
	"fmt"

	"github.com/homeostat/homeostat/examples/bench-evolve/table"
)

const (
	worlds      = 30
	evaluations = 2000
	incidents   = 150
)

// bars are the most that incidents may last, relative to the default settings,
// by the error of the model; 0 where there is no bar.
var bars = []struct{ modelError, most float64 }{{0.08, 0.5}, {0.25, 0}, {0.6, 1.02}}

// Measure plays worlds whose models are good, fair and bad.
func Measure(ctx context.Context) ([]table.Row, error) {
	var rows []table.Row
	for _, b := range bars {
		var sum Played
		worst := 0.0
		for seed := range uint64(worlds) {
			p, err := New(seed, b.modelError).Play(ctx, seed, evaluations, incidents)
			if err != nil {
				return rows, err
			}
			sum.Default, sum.ModelOnly, sum.Live = sum.Default+p.Default, sum.ModelOnly+p.ModelOnly, sum.Live+p.Live
			worst = max(worst, p.Live/p.Default)
		}
		row := table.Row{
			Set: "world", Name: fmt.Sprintf("model error %.2f", b.modelError), Figure: sum.Live / sum.Default, Unit: "of the default's downtime",
			Note: fmt.Sprintf("the model alone %.3f; worst world %.2f; %d worlds of %d incidents; default %.1f s", sum.ModelOnly/sum.Default, worst, worlds, incidents, sum.Default/worlds),
		}
		if b.most > 0 {
			row.Bar, row.Kept = fmt.Sprintf("≤ %.2f", b.most), row.Figure <= b.most
		}
		rows = append(rows, row)
	}
	return rows, nil
}
