package pca

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load returns rows of four signals: two follow a hidden load, the third is its
// opposite, the last is noise.
func load(n int, seed uint64) [][]float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([][]float64, n)
	for i := range out {
		x := 50 + 20*math.Sin(float64(i)/30) + r.NormFloat64()
		out[i] = []float64{x + r.NormFloat64(), 2*x + r.NormFloat64(), 100 - x + r.NormFloat64(), r.NormFloat64()}
	}
	return out
}

func learnt(t *testing.T, rows [][]float64) *Model {
	t.Helper()
	var m Moments
	m.Grow(len(rows[0]))
	for _, row := range rows {
		m.Add(row)
	}
	model, err := m.Model()
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// levels scores rows one after the other.
func levels(m *Model, rows [][]float64) []float64 {
	var s Scorer
	out := make([]float64, len(rows))
	for i, row := range rows {
		out[i] = s.Score(m, row).Level
	}
	return out
}

func TestAChangedRelationStandsOutThoughEverySignalIsInItsRange(t *testing.T) {
	model := learnt(t, load(2000, 1))
	rows := load(400, 2)
	for _, row := range rows[300:] {
		row[1] = 200 - row[1] // still from 60 to 140, but against the load
	}
	got := levels(model, rows)
	if usual, changed := slices.Max(got[:300]), slices.Max(got[310:]); changed < 3*usual {
		t.Errorf("level %.2f after the change, up to %.2f before; want at least three times that", changed, usual)
	}
	var s Scorer
	share := s.Score(model, rows[350]).Share
	if best := slices.Index(share, slices.Max(share)); best != 1 {
		t.Errorf("shares %.2v: signal %d stands out, want 1", share, best)
	}
}

func TestAnOrdinaryRowScoresAboutOne(t *testing.T) {
	got := levels(learnt(t, load(2000, 1)), load(2000, 3))
	slices.Sort(got)
	if median := got[len(got)/2]; median < 0.5 || median > 2 {
		t.Errorf("median level %.3f, want 0.5 to 2", median)
	}
}

func TestScoresOfAPrefixAreThePrefixOfTheScores(t *testing.T) {
	model := learnt(t, load(500, 1))
	rows := load(200, 5)
	whole := levels(model, rows)
	for _, n := range []int{1, 7, 100} {
		if got := levels(model, rows[:n]); !slices.Equal(got, whole[:n]) {
			t.Errorf("the first %d scores depend on what comes later", n)
		}
	}
}

func TestMomentsAgreeWithTheTextbook(t *testing.T) {
	rows := load(300, 7)
	var m Moments
	m.Grow(4)
	for _, row := range rows {
		m.Add(row)
	}
	var a, b, ab float64
	for _, row := range rows {
		a, b = a+row[0], b+row[1]
	}
	a, b = a/300, b/300
	for _, row := range rows {
		ab += (row[0] - a) * (row[1] - b) / 300
	}
	if math.Abs(m.Mean[0]-a) > 1e-9 || math.Abs(m.covariance(1, 0)-ab) > 1e-6*ab {
		t.Errorf("got mean %v and covariance %v, want %v and %v", m.Mean[0], m.covariance(1, 0), a, ab)
	}
}

func TestMomentsForgetWhatIsOlderThanTheirMemory(t *testing.T) {
	m := Moments{Memory: 50}
	m.Grow(1)
	for range 1000 {
		m.Add([]float64{10})
	}
	for range 500 {
		m.Add([]float64{20})
	}
	if math.Abs(m.Mean[0]-20) > 0.01 {
		t.Errorf("mean %v after ten memories of 20, want 20", m.Mean[0])
	}
}

func TestMissingAndLateSignalsAreNoReasonToAlarm(t *testing.T) {
	model := learnt(t, load(1000, 1))
	rows := load(100, 2)
	for _, row := range rows {
		row[2] = math.NaN()
	}
	var s Scorer
	for i, row := range rows {
		if got := s.Score(model, row); math.IsNaN(got.Level) || got.Level > 40 {
			t.Fatalf("row %d without a signal: level %v", i, got.Level)
		}
	}
	var m Moments
	m.Grow(2)
	for i := range 100 {
		row := []float64{float64(i % 7), math.NaN()}
		if i > 90 {
			row[1] = 5
		}
		m.Add(row)
	}
	late, err := m.Model()
	if err != nil {
		t.Fatal(err)
	}
	if late.known[1] {
		t.Error("a signal of nine rows takes part")
	}
}

func TestTooFewRowsMakeNoModel(t *testing.T) {
	var m Moments
	m.Grow(2)
	for range minRows - 1 {
		m.Add([]float64{1, 2})
	}
	if _, err := m.Model(); !errors.Is(err, ErrTooFew) {
		t.Errorf("got %v, want ErrTooFew", err)
	}
}

func TestEigenvectorsRebuildTheMatrix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		a, kept := make([][]float64, n), make([][]float64, n)
		for i := range a {
			a[i], kept[i] = make([]float64, n), make([]float64, n)
		}
		for i := range a {
			for j := i; j < n; j++ {
				x := rapid.Float64Range(-3, 3).Draw(t, "x")
				a[i][j], a[j][i], kept[i][j], kept[j][i] = x, x, x, x
			}
		}
		values, vectors := eigen(a)
		for i := range n {
			for j := range n {
				sum := 0.0
				for k := range n {
					sum += values[k] * vectors[k][i] * vectors[k][j]
				}
				if math.Abs(sum-kept[i][j]) > 1e-6 {
					t.Fatalf("element %d,%d is %v, want %v", i, j, sum, kept[i][j])
				}
			}
		}
	})
}

func FuzzScoreStaysFinite(f *testing.F) {
	f.Add(1.0, -1.0, math.NaN())
	f.Add(math.Inf(1), 1e308, -1e308)
	f.Add(0.0, 1e-320, 1e149)
	f.Fuzz(func(t *testing.T, a, b, c float64) {
		var m Moments
		m.Grow(3)
		for i := range 60 {
			m.Add([]float64{a * float64(i%3), b, c - float64(i)})
		}
		model, err := m.Model()
		if err != nil {
			return
		}
		var s Scorer
		for _, row := range [][]float64{{a, b, c}, {c, a, b}, {1, 2, 3}} {
			if got := s.Score(model, row).Level; math.IsNaN(got) || math.IsInf(got, 0) || got < 0 {
				t.Fatalf("level %v of %v", got, row)
			}
		}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
