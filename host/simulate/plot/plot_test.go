package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/simulate"
	"github.com/homeostat/homeostat/host/simulate/tuning"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wellFormed fails the test for a picture that is no XML.
func wellFormed(t *testing.T, picture []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
	}
}

func TestPlotIsWellFormedAndNamesEveryWay(t *testing.T) {
	r, err := simulate.Run(t.Context(), simulate.Config{Worlds: 1, Incidents: 10, Drift: -1})
	if err != nil {
		t.Fatal(err)
	}
	curve := []float64{1, 2, 3}
	picture := SVG(&r, []tuning.Score{
		{ModelError: 0.08, RecordedError: 0.08, Curves: map[string][]float64{tuning.Default: curve, tuning.Genetic: curve, tuning.Oracle: curve}},
		{ModelError: 0.6, RecordedError: 0.6, Curves: map[string][]float64{tuning.Genetic: curve}},
		{ModelError: 0.6, RecordedError: 0.25, Curves: map[string][]float64{tuning.Genetic: curve, tuning.Replay: curve, tuning.ModelOnly: curve}},
	})
	wellFormed(t, picture)
	for _, p := range simulate.Policies() {
		if !bytes.Contains(picture, []byte(p)) {
			t.Errorf("got no %s in the plot", p)
		}
	}
	for _, want := range []string{"best settings", "default settings", "genetic, error 0.08", "genetic, error 0.60", "model only, error 0.60", "replay, error 0.60 to 0.25"} {
		if n := bytes.Count(picture, []byte(">"+want+"<")); n != 1 {
			t.Errorf("got %d curves %q in the plot, want one", n, want)
		}
	}
}

func TestPlotOfNothingIsWellFormed(t *testing.T) {
	wellFormed(t, SVG(nil, nil))
	wellFormed(t, SVG(&simulate.Report{}, nil))
}
