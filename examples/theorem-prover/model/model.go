// Command model is the fitness model of the proof engine: what a setting costs by
// the measured times of times.txt, for demands that are drawn anew for each seed.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o prover-model.wasm ./examples/theorem-prover/model
//
// Its parameters are those of config.toml in their order: heuristic (its place
// among the choices), time_limit, memory_limit, workers. As a program of the host
// it prints the cost of the setting that it is given:
//
//	go run ./examples/theorem-prover/model 4 1 192 2
package main

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/homeostat/homeostat/examples/theorem-prover/table"
)

//go:embed times.txt
var times string

// measured reads the table once.
var measured = sync.OnceValues(func() (*table.Table, error) { return table.Read(strings.NewReader(times)) })

// cost returns the cost of the parameters under the demand that the seed gives.
func cost(params []float64, seed uint64) (float64, error) {
	t, err := measured()
	if err != nil {
		return 0, err
	}
	const count = 4
	if len(params) != count {
		return 0, fmt.Errorf("got %v, want heuristic, time limit, memory limit and workers", params)
	}
	return t.Cost(table.Setting{Heuristic: int(params[0]), Seconds: params[1], Memory: params[2], Workers: int(params[3])}, seed)
}
