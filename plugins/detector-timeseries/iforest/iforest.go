// Package iforest is an isolation forest: it tells how easily a row of numbers
// is separated from the rows that it learnt from (Liu, Ting, Zhou: Isolation
// Forest, ICDM 2008).
//
// It owns the trees and nothing of where rows come from. A forest is made from
// a seed and can be made again, bit for bit, from the same rows and seed. A
// Forest does not change once it is made; any number of goroutines may score
// with it at a time.
package iforest

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
)

// Matrix is a table of rows in one slice, row after row.
type Matrix struct {
	// Values has Columns numbers for each row, all of them finite.
	Values []float32
	// Columns is the length of a row, 1 to MaxColumns.
	Columns int
}

// MaxColumns is the most numbers that a row may have.
const MaxColumns = math.MaxUint16

// Rows is the number of rows.
func (m Matrix) Rows() int { return len(m.Values) / m.Columns }

// Row returns row i, not copied.
func (m Matrix) Row(i int) []float32 { return m.Values[i*m.Columns : (i+1)*m.Columns] }

func (m Matrix) check() error {
	if m.Columns < 1 || m.Columns > MaxColumns {
		return fmt.Errorf("rows of %d numbers: want 1 to %d", m.Columns, MaxColumns)
	}
	if len(m.Values) == 0 || len(m.Values)%m.Columns != 0 {
		return fmt.Errorf("%d numbers do not make whole rows of %d", len(m.Values), m.Columns)
	}
	for i, v := range m.Values {
		if v != v || v > math.MaxFloat32 || v < -math.MaxFloat32 {
			return fmt.Errorf("row %d, column %d holds %v: want finite numbers", i/m.Columns, i%m.Columns, v)
		}
	}
	return nil
}

// Options shape a forest. The zero value means the paper's: 100 trees of 256
// rows each.
type Options struct {
	// Trees is how many trees vote, at most MaxTrees.
	Trees int
	// Sample is how many rows each tree is grown from, at most MaxSample.
	Sample int
	// Seed decides every random choice.
	Seed uint64
}

// Bounds on what Options may ask for.
const (
	MaxTrees  = 1000
	MaxSample = 4096
)

func (o Options) withDefaults() Options {
	const trees, sample = 100, 256
	if o.Trees == 0 {
		o.Trees = trees
	}
	if o.Sample == 0 {
		o.Sample = sample
	}
	return o
}

// Forest scores rows. Fit makes it.
//
// All trees have the same height, so that a row takes the same number of steps
// in each without asking whether it has arrived: a branch that ended early is
// continued to the left. Inner nodes lie in breadth-first order, the children
// of node i at 2i+1 and 2i+2.
type Forest struct {
	columns int
	height  int
	// nodes are the inner nodes of all trees, inner of them for each.
	nodes []node
	inner int
	// depths are the path lengths of the leaves, inner+1 of them for each tree.
	depths []float32
	// scale turns a sum of path lengths over all trees into the exponent.
	scale float64
}

// node sends a row to the right when its column is above the threshold.
type node struct {
	above  float32
	column uint32
}

// Fit grows a forest from the rows of m.
func Fit(m Matrix, o Options) (*Forest, error) {
	o = o.withDefaults()
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("grow an isolation forest: %w", err)
	}
	if o.Trees < 1 || o.Trees > MaxTrees || o.Sample < 2 || o.Sample > MaxSample {
		return nil, fmt.Errorf("grow an isolation forest: %d trees of %d rows: want 1 to %d trees of 2 to %d rows",
			o.Trees, o.Sample, MaxTrees, MaxSample)
	}
	sample := min(o.Sample, m.Rows())
	if sample < 2 {
		return nil, errors.New("grow an isolation forest: one row cannot be separated from others; at least two are needed")
	}
	height := bits.Len(uint(sample - 1))
	inner := 1<<height - 1
	f := &Forest{columns: m.Columns, height: height, inner: inner,
		nodes: make([]node, o.Trees*inner), depths: make([]float32, o.Trees*(inner+1)),
		scale: -1 / (float64(o.Trees) * usualDepth(sample))}
	g := newGrower(m, o.Seed)
	for t := range o.Trees {
		g.nodes = f.nodes[t*inner : (t+1)*inner]
		g.depths = f.depths[t*(inner+1) : (t+1)*(inner+1)]
		g.height = height
		g.grow(place{}, g.draw(sample))
	}
	return f, nil
}

// usualDepth is the mean depth at which a search for an absent value ends in a
// binary search tree of n values: c(n) of the paper.
func usualDepth(n int) float64 {
	switch {
	case n < 2:
		return 0
	case n == 2:
		return 1
	}
	const euler = 0.5772156649015329
	k := float64(n - 1)
	return 2*(math.Log(k)+euler) - 2*k/float64(n)
}

// grower holds what the growing of one tree needs.
type grower struct {
	m       Matrix
	rng     *rand.Rand
	order   []int32
	columns []int
	nodes   []node
	depths  []float32
	height  int
}

func newGrower(m Matrix, seed uint64) *grower {
	const stream = 0x9e3779b97f4a7c15
	g := &grower{m: m, rng: rand.New(rand.NewPCG(seed, stream)), order: make([]int32, m.Rows()), columns: make([]int, m.Columns)}
	for i := range g.order {
		g.order[i] = int32(i)
	}
	for i := range g.columns {
		g.columns[i] = i
	}
	return g
}

// draw moves n random rows to the front of the order and returns them.
func (g *grower) draw(n int) []int32 {
	for i := range n {
		j := i + g.rng.IntN(len(g.order)-i)
		g.order[i], g.order[j] = g.order[j], g.order[i]
	}
	return g.order[:n]
}

// place is where a node stands in its tree.
type place struct{ index, depth int }

func (p place) left() place  { return place{2*p.index + 1, p.depth + 1} }
func (p place) right() place { return place{2*p.index + 2, p.depth + 1} }

// grow makes the node at p and all below it from the given rows.
func (g *grower) grow(p place, rows []int32) {
	if p.depth == g.height {
		g.depths[p.index-len(g.nodes)] = float32(float64(p.depth) + usualDepth(len(rows)))
		return
	}
	column, threshold, ok := g.split(rows)
	if !ok {
		g.leaf(p, float32(float64(p.depth)+usualDepth(len(rows))))
		return
	}
	g.nodes[p.index] = node{threshold, uint32(column)}
	k := g.divide(rows, column, threshold)
	g.grow(p.left(), rows[:k])
	g.grow(p.right(), rows[k:])
}

// leaf ends the branch at p: whatever goes in comes out at the leftmost leaf
// below it, with the same depth.
func (g *grower) leaf(p place, depth float32) {
	for ; p.depth < g.height; p = p.left() {
		g.nodes[p.index] = node{above: float32(math.Inf(1))}
	}
	g.depths[p.index-len(g.nodes)] = depth
}

// split chooses a column that is not constant among the rows, and a threshold
// that leaves rows on both sides of it.
func (g *grower) split(rows []int32) (column int, threshold float32, ok bool) {
	if len(rows) < 2 {
		return 0, 0, false
	}
	for left := len(g.columns); left > 0; left-- {
		i := g.rng.IntN(left)
		c := g.columns[i]
		low, high := g.bounds(rows, c)
		if low < high {
			t := low + float32(g.rng.Float64()*(float64(high)-float64(low)))
			if t >= high {
				t = low
			}
			return c, t, true
		}
		g.columns[i], g.columns[left-1] = g.columns[left-1], c
	}
	return 0, 0, false
}

func (g *grower) bounds(rows []int32, column int) (low, high float32) {
	low, high = float32(math.Inf(1)), float32(math.Inf(-1))
	for _, r := range rows {
		v := g.m.Values[int(r)*g.m.Columns+column]
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// divide orders rows so that those at or below the threshold come first, and
// returns how many they are.
func (g *grower) divide(rows []int32, column int, threshold float32) int {
	k := 0
	for i, r := range rows {
		if g.m.Values[int(r)*g.m.Columns+column] <= threshold {
			rows[i], rows[k] = rows[k], r
			k++
		}
	}
	return k
}
