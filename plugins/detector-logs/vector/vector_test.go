package vector

import (
	"math"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDistanceIsTheShareThatDiffers(t *testing.T) {
	for _, c := range []struct {
		a, b []uint32
		want float64
	}{
		{nil, nil, 0},
		{[]uint32{1, 2, 2}, []uint32{2, 1, 2}, 0},
		{[]uint32{1}, []uint32{2}, 1},
		{[]uint32{1, 2, 3}, []uint32{1, 2}, 0.2},
	} {
		if got := Distance(Of(c.a), Of(c.b)); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v to %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestDistanceIsSymmetricAndBounded(t *testing.T) {
	events := rapid.SliceOfN(rapid.Uint32Range(0, 9), 0, 30)
	rapid.Check(t, func(rt *rapid.T) {
		a, b := Of(events.Draw(rt, "a")), Of(events.Draw(rt, "b"))
		d, back := Distance(a, b), Distance(b, a)
		if d != back || d < 0 || d > 1 || Distance(a, a) != 0 {
			rt.Fatalf("%v and %v: %v there, %v back", a, b, d, back)
		}
	})
}

func TestWhereAllIsAlikeNothingNewIsTolerated(t *testing.T) {
	m := New(10)
	for range 200 {
		m.Learn(Of([]uint32{1, 2, 3}))
	}
	m.Learn(Of([]uint32{1, 2, 3, 4}))
	if got := m.Tolerance(0.01); got != 0 {
		t.Errorf("tolerance %v with one odd one in 200, want 0", got)
	}
	if got := m.Tolerance(0); got <= 0 {
		t.Errorf("tolerance %v when none may be let go, want that of the odd one", got)
	}
}

func TestWhereThingsVaryAsMuchIsTolerated(t *testing.T) {
	m := New(100)
	for i := range uint32(20) {
		m.Learn(Of([]uint32{1, 2, 3, 10 + i}))
	}
	if got := m.Tolerance(0.01); math.Abs(got-0.25) > 1e-12 {
		t.Errorf("tolerance %v, want 0.25", got)
	}
}

func TestAModelIsBoundedAndCanBeRestored(t *testing.T) {
	m := New(5)
	for i := range uint32(50) {
		m.Learn(Of([]uint32{i}))
		m.Learn(Of([]uint32{7}))
	}
	if len(m.Known()) != 5 {
		t.Fatalf("%d vectors, want 5", len(m.Known()))
	}
	if m.Nearest(Of([]uint32{7})) != 0 {
		t.Error("what was seen all the time was forgotten")
	}
	heir := Restore(5, m.Known())
	if heir.Total() != m.Total() || heir.Tolerance(0) != m.Tolerance(0) {
		t.Errorf("the heir knows %d and tolerates %v, want %d and %v", heir.Total(), heir.Tolerance(0), m.Total(), m.Tolerance(0))
	}
}
