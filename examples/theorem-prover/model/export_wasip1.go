package main

import (
	"math"
	"unsafe"
)

// room is where the host writes the parameters.
var room []float64

// alloc makes room for parameters and returns where.
//
//go:wasmexport alloc
func alloc(bytes int32) int32 {
	room = make([]float64, max(1, (bytes+7)/8))
	return int32(uintptr(unsafe.Pointer(&room[0])))
}

// fitness returns the cost of the parameters in the room; lower is better.
//
//go:wasmexport fitness
func fitness(_, count int32, seed int64) float64 {
	c, err := cost(room[:count], uint64(seed))
	if err != nil {
		return math.NaN()
	}
	return c
}

func main() {} // never called: the module is built as a library
