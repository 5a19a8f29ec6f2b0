package isolation

import (
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a set of a cloud and some rows far from it.
func write(t *testing.T, name string, text string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func cloud() string {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("a,b,label\n")
	for i := range 600 {
		if i%60 == 0 {
			fmt.Fprintf(&b, "%f,%f,1\n", 9+rng.Float64(), -9-rng.Float64())
			continue
		}
		fmt.Fprintf(&b, "%f,%f,0\n", rng.NormFloat64(), rng.NormFloat64())
	}
	return b.String()
}

func TestAreaUnderTheCurveOfKnownOrders(t *testing.T) {
	for name, c := range map[string]struct {
		scores  []float64
		outlier []bool
		want    float64
	}{
		"perfect":  {[]float64{1, 2, 3, 4}, []bool{false, false, true, true}, 1},
		"reversed": {[]float64{4, 3, 2, 1}, []bool{false, false, true, true}, 0},
		"equal":    {[]float64{1, 1, 1, 1}, []bool{true, false, false, true}, 0.5},
		"mixed":    {[]float64{1, 2, 3, 4}, []bool{false, true, false, true}, 0.75},
	} {
		if got := auc(c.scores, c.outlier); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestOutliersFarOffAreFoundBesideTheReference(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "far.csv.gz"), cloud())
	var remarks strings.Builder
	rows, err := Set.Run(t.Context(), table.Input{Folder: dir, Out: &remarks})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 || !strings.HasPrefix(rows[0].What, "far: ROC-AUC") || rows[0].Got < 0.999 {
		t.Fatalf("got %+v, want an AUC of 1 for the set far", rows)
	}
	// Python's library is measured where it is there, and missed in words.
	if compared := len(rows) == 2; compared == strings.Contains(remarks.String(), "python3-sklearn") {
		t.Errorf("%d rows and the remark %q", len(rows), remarks.String())
	}
}

func TestTableThatIsNoneIsNamed(t *testing.T) {
	for what, text := range map[string]string{"no number": "a,label\nlots,0\n", "a short row": "a,b,label\n1,0\n", "nothing": ""} {
		name := filepath.Join(t.TempDir(), "odd.csv.gz")
		write(t, name, text)
		if _, err := load(name); err == nil || !strings.Contains(err.Error(), "odd.csv.gz") {
			t.Errorf("%s: got %v, want an error that names the file", what, err)
		}
	}
	if _, err := Set.Run(t.Context(), table.Input{Folder: t.TempDir()}); err == nil {
		t.Error("a folder without sets was measured")
	}
}

func TestDeviationIsThatOfASample(t *testing.T) {
	if got := deviation([]float64{2, 4, 4, 4, 5, 5, 7, 9}); math.Abs(got-math.Sqrt(32.0/7)) > 1e-12 {
		t.Errorf("got %v, want %v", got, math.Sqrt(32.0/7))
	}
}
