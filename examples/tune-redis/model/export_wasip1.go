package main

import (
	"math"
	"unsafe"

	"github.com/homeostat/homeostat/examples/tune-redis/model/cache"
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
	s, err := cache.Decode(room[:count])
	if err != nil {
		return math.NaN()
	}
	return cache.Cost(s, cache.Peak(), uint64(seed))
}
