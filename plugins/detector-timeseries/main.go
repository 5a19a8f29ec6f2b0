// Detector-timeseries reports what is unusual for a signal at this time, for a
// component's signals taken together, and what is about to reach its limit; see
// its package timeseries.
package main

import (
	"github.com/homeostat/homeostat/plugins/detector-timeseries/timeseries"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Detector("timeseries", "0.1.0", timeseries.New) }
