// Command prover-store runs the store of theorems; see package theorem.
package main

import (
	"os"

	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/theorem-prover/theorem"
)

func main() { os.Exit(service.Main("prover-store", theorem.NewProgram())) }
