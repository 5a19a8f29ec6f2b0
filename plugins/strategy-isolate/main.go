// Strategy-isolate proposes to open the link to what fails or is slow, so that
// callers are refused at once instead of waiting; see its package isolate.
package main

import (
	"github.com/homeostat/homeostat/plugins/strategy-isolate/isolate"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Strategy("isolate", "0.1.0", isolate.New) }
