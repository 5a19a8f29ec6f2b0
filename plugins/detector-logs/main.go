// Detector-logs reports trouble that components write about: known signatures,
// statements never seen before, changed rates, lengths and mixtures of lines;
// see its package logs.
package main

import (
	"github.com/homeostat/homeostat/plugins/detector-logs/logs"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Detector("logs", "0.1.0", logs.New) }
