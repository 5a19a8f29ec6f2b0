// Command model-web is a fitness model: what it costs to serve a stream of
// requests with so many workers, so long a queue and such a deadline.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o model-web.wasm ./examples/model-web
//	sha256sum model-web.wasm
//
// Each setting that is judged starts the module anew, so what is not needed is left
// out of it: without fmt and os, which the command alone uses, it starts in a third
// of the time.
//
// As a program of the host it prints the cost of the settings that it is given:
//
//	go run ./examples/model-web 4 64 2
package main

import (
	"errors"
	"math"
	"math/rand/v2"
)

// What the model assumes of the service and of those who ask it. Times are in
// seconds.
const (
	requests = 400
	// rate is how many requests arrive a second, usual how long one takes alone,
	// and crowd how much longer for each other that is being served.
	rate  = 120
	usual = 0.05
	crowd = 0.02
	// refusal is what a request that was not served costs.
	refusal = 5
)

var errWanted = errors.New("want three numbers: workers (1 or more), length of the queue and deadline")

// simulate returns the mean cost of a request under params: workers, the length
// of the queue, and the seconds after which a waiting request is given up. The
// same seed gives the same requests, whatever the params are.
func simulate(params []float64, seed uint64) (float64, error) {
	if len(params) != 3 || !(params[0] >= 1) {
		return 0, errWanted
	}
	workers, length, deadline := int(params[0]), int(params[1]), params[2]
	r := rand.New(rand.NewPCG(seed, 1))
	busy := make([]float64, workers) // until when each worker is busy
	var starts []float64             // when those that wait will be served
	now, cost := 0.0, 0.0
	for range requests {
		now += r.ExpFloat64() / rate
		work := usual * math.Exp(0.5*r.NormFloat64())
		for len(starts) > 0 && starts[0] <= now {
			starts = starts[1:]
		}
		first, served := 0, 0
		for i, until := range busy {
			if until < busy[first] {
				first = i
			}
			if until > now {
				served++
			}
		}
		begin := max(now, busy[first])
		if begin > now && len(starts) >= length || begin-now > deadline {
			cost += refusal
			continue
		}
		if begin > now {
			starts = append(starts, begin)
		}
		end := begin + work*(1+crowd*float64(served))
		busy[first] = end
		cost += end - now
	}
	return cost / requests, nil
}
