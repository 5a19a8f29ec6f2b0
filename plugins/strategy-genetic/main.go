// Strategy-genetic proposes settings that were evolved in the sandbox, and lets
// live evidence choose among them; see its package genetic.
package main

import (
	"github.com/homeostat/homeostat/plugins/strategy-genetic/genetic"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Strategy(genetic.Name, "0.1.0", genetic.New) }
