package plugintest

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve"
)

// broken are detectors that break one promise each, with the words of the
// suite's complaint.
var broken = map[string]struct {
	detect func(*counter, sdk.Window) []sdk.Anomaly
	words  string
}{
	"invalid": {func(*counter, sdk.Window) []sdk.Anomaly { return []sdk.Anomaly{{Kind: "odd", Score: math.NaN()}} }, "score NaN is outside"},
	"random": {func(*counter, sdk.Window) []sdk.Anomaly {
		return []sdk.Anomaly{{Kind: "odd", Score: rand.Float64()}}
	}, "answers differently"},
	"secretive": {func(c *counter, _ sdk.Window) []sdk.Anomaly {
		c.every++ // which SaveState leaves out
		return []sdk.Anomaly{{Kind: "odd", Score: 1 / float64(c.every)}}
	}, "the instance with the loaded state answers differently"},
}

type brokenDetector struct {
	counter
	detect func(*counter, sdk.Window) []sdk.Anomaly
}

// Detect breaks a promise.
func (b *brokenDetector) Detect(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	return b.detect(&b.counter, w), nil
}

const brokenVariable = "HOMEOSTAT_TEST_BROKEN"

// TestBrokenDetector fails on purpose, in a process of its own.
func TestBrokenDetector(t *testing.T) {
	name := os.Getenv(brokenVariable)
	if name == "" {
		t.Skip("TestSuiteFindsBrokenPlugins runs this")
	}
	build := func(c config, _ sdk.Env) (sdk.Detector, error) {
		return &brokenDetector{counter{every: c.Every}, broken[name].detect}, nil
	}
	Detector(t, serve.NewDetector("broken", "1", build), Case{Windows: windows(6)})
}

func TestSuiteFindsBrokenPlugins(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range broken {
		run := exec.Command(self, "-test.run", "^TestBrokenDetector$")
		run.Env = append(os.Environ(), brokenVariable+"="+name)
		out, err := run.CombinedOutput()
		if err == nil || !strings.Contains(string(out), b.words) {
			t.Errorf("%s: got %v, want a failure that says %q:\n%s", name, err, b.words, out)
		}
	}
}
