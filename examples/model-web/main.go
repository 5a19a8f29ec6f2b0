// Command model-web is a fitness model: what it costs to serve a stream of
// requests with so many workers, so long a queue and such a deadline.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o model-web.wasm ./examples/model-web
//	sha256sum model-web.wasm
//
// As a program of the host it prints the cost of the settings that it is given:
//
//	go run ./examples/model-web 4 64 2
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
