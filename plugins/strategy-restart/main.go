// Strategy-restart proposes restarts of components that are down or do not
// answer; see its package restart.
package main

import (
	"github.com/homeostat/homeostat/plugins/strategy-restart/restart"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Strategy("restart", "0.1.0", restart.New) }
