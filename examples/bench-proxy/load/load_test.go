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
		if v, err := f.Measure(t.Context(), address, time.Millisecond); err != nil || v <= 0 {
			t.Errorf("%s: got %v (%v), want more than 0", f.Name, v, err)
		}
	}
}
