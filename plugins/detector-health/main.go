// Detector-health reports what is plainly wrong: a process that is gone, a
// probe that fails, a signal beyond its limit, a resource under pressure; see
// its package health.
package main

import (
	"github.com/homeostat/homeostat/plugins/detector-health/health"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Detector("health", "0.1.0", health.New) }
