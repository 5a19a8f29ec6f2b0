// Detector-ceiling is the smallest detector plugin: it reports the last value
// of a signal that is above a ceiling.
package main

import (
	"context"
	"fmt"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve"
)

// Config is what stands in the plugin's table of config.toml.
type Config struct {
	Signal  string  `homeostat:"signal,required" doc:"The signal to look at."`
	Ceiling float64 `homeostat:"ceiling,default=90" doc:"Report values above this."`
}

// New makes the detector.
func New(c Config, _ sdk.Env) (sdk.Detector, error) { return c, nil }

// Detect compares the newest value with the ceiling.
func (c Config) Detect(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	for _, s := range w.Series {
		if n := len(s.Values); s.Component == w.Component && s.Name == c.Signal && n > 0 {
			last, text := s.Values[n-1], "%s is %.4g, the ceiling is %.4g"
			return []sdk.Anomaly{{Kind: sdk.AnomalyThreshold, Signal: c.Signal, Score: 1, Severity: sdk.SeverityLow,
				Ended: last <= c.Ceiling, Summary: fmt.Sprintf(text, c.Signal, last, c.Ceiling)}}, nil
		}
	}
	return nil, sdk.ErrNotReady
}

func main() { serve.Detector("ceiling", "0.1.0", New) }
