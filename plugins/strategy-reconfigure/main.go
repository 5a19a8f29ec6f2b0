// Strategy-reconfigure moves declared parameters by rules, in small steps that
// it takes back when they did not help; see its package reconfigure.
package main

import (
	"github.com/homeostat/homeostat/plugins/strategy-reconfigure/reconfigure"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Strategy("reconfigure", "0.1.0", reconfigure.New) }
