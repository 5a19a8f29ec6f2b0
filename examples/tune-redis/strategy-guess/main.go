// Strategy-guess proposes settings of redis without knowing anything, so that
// what does know can be compared with it.
package main

import (
	"github.com/homeostat/homeostat/examples/tune-redis/guess"
	"github.com/homeostat/homeostat/sdk/serve"
)

func main() { serve.Strategy("guess", "0.1.0", guess.New) }
