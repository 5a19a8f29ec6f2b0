package iforest

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cloud is a matrix of normal numbers around zero.
func cloud(rows, columns int, seed uint64) Matrix {
	rng := rand.New(rand.NewPCG(seed, 1))
	m := Matrix{Values: make([]float32, rows*columns), Columns: columns}
	for i := range m.Values {
		m.Values[i] = float32(rng.NormFloat64())
	}
	return m
}

func grown(t testing.TB, m Matrix, o Options) *Forest {
	t.Helper()
	f, err := Fit(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFarRowScoresAboveEveryUsualOne(t *testing.T) {
	m := cloud(1000, 4, 7)
	f := grown(t, m, Options{Seed: 1})
	scores, err := f.Scores(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	far := f.Score([]float32{8, 8, -8, 8})
	if top := slices.Max(scores); far <= top || far < 0.6 {
		t.Errorf("the far row scores %.3f, the highest of the cloud %.3f; want more, and above 0.6", far, top)
	}
	if middle := f.Score([]float32{0, 0, 0, 0}); middle > 0.5 {
		t.Errorf("the middle of the cloud scores %.3f, want at most 0.5", middle)
	}
}

func TestSameSeedGrowsTheSameForest(t *testing.T) {
	m := cloud(500, 3, 2)
	a, b, c := grown(t, m, Options{Seed: 5}), grown(t, m, Options{Seed: 5}), grown(t, m, Options{Seed: 6})
	if !slices.Equal(a.nodes, b.nodes) || !slices.Equal(a.depths, b.depths) {
		t.Error("two forests of one seed differ")
	}
	if slices.Equal(a.nodes, c.nodes) {
		t.Error("forests of two seeds are the same")
	}
}

func TestScoresOfBlocksEqualScoresOfRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 6).Draw(t, "columns")
		m := cloud(rapid.IntRange(2, 400).Draw(t, "rows"), columns, rapid.Uint64().Draw(t, "seed"))
		for i := range m.Values {
			m.Values[i] = float32(math.Round(float64(m.Values[i])))
		}
		f, err := Fit(m, Options{Trees: 7, Sample: rapid.IntRange(2, 64).Draw(t, "sample"), Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		scores, err := f.Scores(m, nil)
		if err != nil || len(scores) != m.Rows() {
			t.Fatalf("%d scores of %d rows, error %v", len(scores), m.Rows(), err)
		}
		for i, s := range scores {
			if one := f.Score(m.Row(i)); one != s || s <= 0 || s > 1 {
				t.Fatalf("row %d scores %v alone and %v in a block, want the same, in 0 to 1", i, one, s)
			}
		}
	})
}

// TestTreeSeparatesItsRows follows every row of a full sample: rows of distinct
// values end with depths whose mean is near the usual depth.
func TestDepthsAgreeWithTheTheory(t *testing.T) {
	m := cloud(256, 1, 11)
	f := grown(t, m, Options{Trees: 200, Seed: 9})
	scores, err := f.Scores(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	depth := 0.0
	for _, s := range scores {
		depth += -math.Log2(s) * usualDepth(256) / float64(len(scores))
	}
	if want := usualDepth(256); math.Abs(depth-want) > 1.5 {
		t.Errorf("the mean depth is %.2f, want it within 1.5 of %.2f", depth, want)
	}
}

func TestEqualRowsCannotBeSeparated(t *testing.T) {
	m := Matrix{Values: slices.Repeat([]float32{3, 4}, 100), Columns: 2}
	f := grown(t, m, Options{Sample: 64})
	if got := f.Score([]float32{3, 4}); math.Abs(got-0.5) > 0.001 {
		t.Errorf("rows that are all the same score %v, want 0.5", got)
	}
}

func TestWrongInputIsRefusedWithItsPlace(t *testing.T) {
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		m    Matrix
		o    Options
		want string
	}{
		"no columns":  {Matrix{Values: []float32{1}}, Options{}, "rows of 0 numbers"},
		"no rows":     {Matrix{Columns: 2}, Options{}, "whole rows"},
		"half a row":  {Matrix{Values: []float32{1, 2, 3}, Columns: 2}, Options{}, "whole rows"},
		"not finite":  {Matrix{Values: []float32{1, 2, 3, nan}, Columns: 2}, Options{}, "row 1, column 1"},
		"one row":     {Matrix{Values: []float32{1, 2}, Columns: 2}, Options{}, "at least two"},
		"many trees":  {cloud(9, 1, 1), Options{Trees: MaxTrees + 1}, "trees"},
		"big samples": {cloud(9, 1, 1), Options{Sample: MaxSample + 1}, "rows"},
	} {
		if _, err := Fit(c.m, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
	if _, err := grown(t, cloud(9, 2, 1), Options{}).Scores(cloud(9, 3, 1), nil); err == nil {
		t.Error("rows of another length were scored")
	}
}

func BenchmarkScores(b *testing.B) {
	m := cloud(4096, 10, 1)
	f := grown(b, m, Options{})
	out := make([]float64, 0, m.Rows())
	for b.Loop() {
		out, _ = f.Scores(m, out[:0])
	}
	b.ReportMetric(float64(b.N*m.Rows())/b.Elapsed().Seconds(), "rows/s")
}
