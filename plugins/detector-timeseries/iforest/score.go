package iforest

import (
	"fmt"
	"math"
)

// block is how many rows go through one tree before the next tree: a tree of
// 256 rows takes 3 KB, so that it stays in the fastest cache meanwhile.
const block = 128

// Score returns how unusual a row is, from 0 to 1: near 0.5 is usual, above 0.6
// unusual. It panics when the row is shorter than the rows of the fit; a number
// that is not finite goes to the left everywhere.
func (f *Forest) Score(row []float32) float64 {
	if len(row) < f.columns {
		panic(fmt.Sprintf("iforest: a row of %d numbers for a forest of %d columns", len(row), f.columns))
	}
	var sum [1]float32
	for t := 0; t < len(f.nodes); t += f.inner {
		f.descend(t, Matrix{row[:f.columns], f.columns}, sum[:])
	}
	return math.Exp2(float64(sum[0]) * f.scale)
}

// Scores appends the score of each row of m to out. It fails when the rows have
// another length than those of the fit.
func (f *Forest) Scores(m Matrix, out []float64) ([]float64, error) {
	if m.Columns != f.columns || len(m.Values)%m.Columns != 0 {
		return out, fmt.Errorf("score rows of %d numbers: the forest knows rows of %d", m.Columns, f.columns)
	}
	var sums [block]float32
	for from := 0; from < len(m.Values); from += block * m.Columns {
		part := Matrix{m.Values[from:min(from+block*m.Columns, len(m.Values))], m.Columns}
		sum := sums[:part.Rows()]
		clear(sum)
		for t := 0; t < len(f.nodes); t += f.inner {
			f.descend(t, part, sum)
		}
		for _, s := range sum {
			out = append(out, math.Exp2(float64(s)*f.scale))
		}
	}
	return out, nil
}

// descend adds the depth that each row reaches in the tree whose nodes begin at
// first. Four rows go down side by side, because each step of one has to wait
// for the step before.
func (f *Forest) descend(first int, m Matrix, sum []float32) {
	nodes := f.nodes[first : first+f.inner]
	leaf := first / f.inner * (f.inner + 1)
	depths := f.depths[leaf : leaf+f.inner+1]
	r := 0
	for ; r+4 <= len(sum); r += 4 {
		a, b, c, d := m.Row(r), m.Row(r+1), m.Row(r+2), m.Row(r+3)
		var i, j, k, l int
		for range f.height {
			i, j = next(nodes[i], a, i), next(nodes[j], b, j)
			k, l = next(nodes[k], c, k), next(nodes[l], d, l)
		}
		sum[r] += depths[i-len(nodes)]
		sum[r+1] += depths[j-len(nodes)]
		sum[r+2] += depths[k-len(nodes)]
		sum[r+3] += depths[l-len(nodes)]
	}
	for ; r < len(sum); r++ {
		row, i := m.Row(r), 0
		for range f.height {
			i = next(nodes[i], row, i)
		}
		sum[r] += depths[i-len(nodes)]
	}
}

// next is the child of node i to which a row goes.
func next(n node, row []float32, i int) int {
	right := 1
	if row[n.column] > n.above {
		right = 2
	}
	return 2*i + right
}
