//go:build !wasip1

package main

import (
	"fmt"
	"os"
	"strconv"
)

// seeds is over how many demands the program of the host takes the mean.
const seeds = 32

func main() {
	var params []float64
	for _, arg := range os.Args[1:] {
		v, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			fail(err)
		}
		params = append(params, v)
	}
	mean := 0.0
	for seed := range uint64(seeds) {
		c, err := cost(params, seed)
		if err != nil {
			fail(err)
		}
		mean += c / seeds
	}
	fmt.Printf("%.2f\n", mean)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "model:", err)
	os.Exit(2)
}
