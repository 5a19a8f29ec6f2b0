// Command prover-engine runs the proof engine; see package engine.
package main

import (
	"os"

	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/theorem-prover/engine"
)

func main() { os.Exit(service.Main("prover-engine", engine.NewProgram())) }
