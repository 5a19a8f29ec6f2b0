//go:build !wasip1

package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	params := make([]float64, 0, len(os.Args))
	for _, arg := range os.Args[1:] {
		v, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, "model-web:", err)
			os.Exit(2)
		}
		params = append(params, v)
	}
	cost, err := simulate(params, 1)
	if err != nil {
		fmt.Fprintln(os.Stderr, "model-web:", err)
		os.Exit(2)
	}
	fmt.Printf("%.4f\n", cost)
}
