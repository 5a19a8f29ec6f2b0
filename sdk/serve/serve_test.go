package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type config struct {
	Limit int `homeostat:",default=5,min=1" doc:"The most."`
}

type quiet struct{}

// Detect finds nothing.
func (quiet) Detect(context.Context, sdk.Window) ([]sdk.Anomaly, error) { return nil, nil }

func newQuiet(config, sdk.Env) (sdk.Detector, error) { return quiet{}, nil }

func byHand(args ...string) (int, string, string) {
	var out, errs bytes.Buffer
	code := NewDetector("quiet", "0.2.0", newQuiet).byHand(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestPersonWhoRunsThePluginIsToldWhatItIs(t *testing.T) {
	code, _, errs := byHand()
	if code != 2 || !strings.Contains(errs, "plugin of homeostat") {
		t.Errorf("got %d %q, want 2 and an explanation", code, errs)
	}
	code, out, _ := byHand("--help")
	if code != 0 || !strings.Contains(out, "limit = 5  # integer, at least 1; The most.") {
		t.Errorf("got %d %q, want the keys with their defaults", code, out)
	}
	if code, out, _ = byHand("--version"); code != 0 || !strings.HasPrefix(out, "quiet 0.2.0") {
		t.Errorf("got %d %q, want name and version", code, out)
	}
	code, out, _ = byHand("--schema")
	var d wire.Description
	if err := json.Unmarshal([]byte(out), &d); code != 0 || err != nil || len(d.Settings) != 1 {
		t.Errorf("got %d %q, want the description as JSON", code, out)
	}
}

func TestMistakeInATagStopsTheAuthorAtOnce(t *testing.T) {
	type wrong struct{ Limit int }
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "doc tag") {
			t.Errorf("got %v, want a panic that names the mistake", r)
		}
	}()
	NewDetector("wrong", "1", func(wrong, sdk.Env) (sdk.Detector, error) { return quiet{}, nil })
}

func TestConstructorsErrorIsAProblemOfTheConfiguration(t *testing.T) {
	p := NewDetector("picky", "1", func(config, sdk.Env) (sdk.Detector, error) { return nil, errors.New("limit must be odd") })
	if _, problems := p.build(nil, sdk.Env{}); len(problems) != 1 || problems[0].Text != "limit must be odd" {
		t.Errorf("got %v, want the constructor's words", problems)
	}
}

// TestAuthorsProgramStaysSmall holds the promise that a plugin brings nothing of
// the daemon along.
func TestAuthorsProgramStaysSmall(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/homeostat/homeostat/examples/detector-ceiling").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, forbidden := range []string{"wazero", "gopsutil", "sqlite", "homeostat/host", "homeostat/sandbox", "cobra", "huma"} {
		if strings.Contains(string(out), forbidden) {
			t.Errorf("a plugin depends on %s", forbidden)
		}
	}
}
