// Package figure is what one measurement of a detector says, beside the figure
// of its reference and the bar that it is held to.
//
// It owns the shape and the average precision, which several sets use. It is
// pure.
package figure

import (
	"cmp"
	"fmt"
	"slices"
)

// Row is one measured figure.
type Row struct {
	Set  string `json:"set"`
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
	// Value is what was measured in this run.
	Value float64 `json:"value"`
	// Reference is the published figure of ReferenceName, 0 where there is none.
	Reference     float64 `json:"reference,omitempty"`
	ReferenceName string  `json:"reference_name,omitempty"`
	// Bar is what Value has to reach, 0 where there is none; AtMost turns it round.
	Bar    float64 `json:"bar,omitempty"`
	AtMost bool    `json:"at_most,omitempty"`
}

// Reached says how the value stands to its bar: "yes", "NO" or nothing.
func (r Row) Reached() string {
	switch {
	case r.Bar == 0:
		return ""
	case r.AtMost == (r.Value <= r.Bar) || r.Value == r.Bar:
		return "yes"
	}
	return "NO"
}

// MissingError says that a set is not there and where it can be had.
type MissingError struct {
	Set, Path, Source string
}

// Error names the set, the place and the source.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is left out: nothing in %s; it is public at %s", e.Set, e.Path, e.Source)
}

// AveragePrecision is the area under the steps of precision over recall: for
// each threshold from high to low the precision reached, weighted with the
// recall gained. Rows of equal score come in together. It is 0 without positive
// rows.
func AveragePrecision(scores []float64, labels []bool) float64 {
	order := make([]int, len(scores))
	positive := 0
	for i := range order {
		order[i] = i
		if labels[i] {
			positive++
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	sum, hits := 0.0, 0
	for i := 0; i < len(order); {
		gained := 0
		next := i
		for ; next < len(order) && scores[order[next]] == scores[order[i]]; next++ {
			if labels[order[next]] {
				gained++
			}
		}
		hits += gained
		if gained > 0 {
			sum += float64(gained) / float64(positive) * float64(hits) / float64(next)
		}
		i = next
	}
	return sum
}
