package world

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestModelWithoutErrorIsTheTruth(t *testing.T) {
	w := New(1, 0)
	v := values(w.Parameters())
	if w.Model(v) != w.Mean(v) {
		t.Errorf("the model says %v, the truth is %v", w.Model(v), w.Mean(v))
	}
	off := New(1, 0.5)
	if off.Model(v) == off.Mean(v) || off.Mean(v) != w.Mean(v) {
		t.Errorf("with an error the model says %v, the truth is %v and was %v", off.Model(v), off.Mean(v), w.Mean(v))
	}
}

func TestSameIncidentIsAsBadUnderAllSettings(t *testing.T) {
	w := New(2, 0)
	a := values(w.Parameters())
	b := values(w.Parameters())
	b["workers"] = w.Parameters()[0].Decode(0.99)
	x, y := w.Incident(7, a)/w.Mean(a), w.Incident(7, b)/w.Mean(b)
	if d := x - y; d > 1e-12 || d < -1e-12 {
		t.Errorf("one incident is %v times as long as usual, and %v times", x, y)
	}
}

func TestLearningWithARightModelShortensIncidents(t *testing.T) {
	p, err := New(3, 0).Play(t.Context(), 3, 300, 40)
	if err != nil {
		t.Fatal(err)
	}
	if p.Live > 0.8*p.Default || p.ModelOnly > p.Live {
		t.Errorf("got %+v, want less downtime than the default, and no less than with the truth known", p)
	}
}
