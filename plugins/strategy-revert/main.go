// Strategy-revert proposes to undo the change after which a component began to
// fail; see its package revert.
package main

import (
	"github.com/homeostat/homeostat/plugins/strategy-revert/revert"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Strategy("revert", "0.1.0", revert.New) }
