// Command model is the fitness model of the tuned redis: what a setting costs its
// users when all that they may want comes at once.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o model-redis.wasm ./examples/tune-redis/model
//
// As a program of the host it prints the cost of the settings that it is given, in
// the order of their declaration; a policy is its place there, from 0:
//
//	go run ./examples/tune-redis/model 25165824 0 5 8192 10
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/homeostat/homeostat/examples/tune-redis/model/cache"
)

func main() {
	params := make([]float64, 0, len(os.Args))
	for _, arg := range os.Args[1:] {
		v, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, "model:", err)
			os.Exit(2)
		}
		params = append(params, v)
	}
	s, err := cache.Decode(params)
	if err != nil {
		fmt.Fprintln(os.Stderr, "model:", err)
		os.Exit(2)
	}
	fmt.Printf("%.4f\n", cache.Cost(s, cache.Peak(), 1))
}
