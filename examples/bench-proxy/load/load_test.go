package load

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryFigureCanBeMeasuredOnADirectWay(t *testing.T) {
	target, err := NewTarget()
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	for _, f := range Figures {
		address := target.TCP
		if f.HTTP {
			address = target.HTTP
		}
		if v, err := patiently(t, f, address); err != nil || v <= 0 {
			t.Errorf("%s: got %v (%v), want more than 0", f.Name, v, err)
		}
	}
}

// patiently measures over longer and longer spans: on a loaded machine a thousand
// connections get nothing done in a millisecond.
func patiently(t *testing.T, f Figure, address string) (v float64, err error) {
	for span := time.Millisecond; span < 30*time.Second; span *= 4 {
		if v, err = f.Measure(t.Context(), address, span); err != nil || v > 0 {
			break
		}
	}
	return v, err
}
