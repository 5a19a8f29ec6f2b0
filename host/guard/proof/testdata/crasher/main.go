// Command crasher is a detector that says what it is, and then, in its bad variant, crashes as soon as it is given the
// configuration of a daemon.
package main

import (
	"context"
	"os"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/serve"
)

// how is set by the linker: "crash" or anything else.
var how string

type config struct {
	Service bool `homeostat:"service,default=false" doc:"Whether a daemon has configured it."`
}

type detector struct{}

// Detect finds nothing.
func (detector) Detect(context.Context, sdk.Window) ([]sdk.Anomaly, error) { return nil, nil }

func create(c config, _ sdk.Env) (sdk.Detector, error) {
	if c.Service && how == "crash" {
		os.Exit(3)
	}
	return detector{}, nil
}

func main() { serve.Detector("crasher", "0.1.0", create) }
