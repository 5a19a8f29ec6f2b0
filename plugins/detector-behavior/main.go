// Detector-behavior reports a component whose signals no longer keep the
// relations that they used to have, to each other and to those of linked
// components, and ranks the likely causes; see its package behavior.
package main

import (
	"github.com/homeostat/homeostat/plugins/detector-behavior/behavior"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Detector("behavior", "0.1.0", behavior.New) }
