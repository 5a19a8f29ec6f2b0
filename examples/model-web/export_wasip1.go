package main

import (
	"math"
	"unsafe"
)

// rooms is where the host writes lists of numbers, by address: parameters, and
// recorded load. They are kept so that they are not collected.
var rooms = map[int32][]float64{}

// alloc makes room for a list and returns where.
//
//go:wasmexport alloc
func alloc(bytes int32) int32 {
	room := make([]float64, max(1, (bytes+7)/8))
	at := int32(uintptr(unsafe.Pointer(&room[0])))
	rooms[at] = room
	return at
}

// take returns a list that was written and forgets its room.
func take(at, count int32) []float64 {
	defer delete(rooms, at)
	return rooms[at][:count]
}

// fitness returns the cost of parameters; lower is better.
//
//go:wasmexport fitness
func fitness(params, count int32, seed int64) float64 {
	return number(simulate(take(params, count), uint64(seed)))
}

// replayed returns the cost of parameters under recorded load, one number a minute.
//
//go:wasmexport replay
func replayed(params, count, load, length int32, seed int64) float64 {
	return number(replay(take(params, count), take(load, length), uint64(seed)))
}

// number is what the host is told: no number where something is wrong.
func number(cost float64, err error) float64 {
	if err != nil {
		return math.NaN()
	}
	return cost
}

func main() {} // never called: the module is built as a library
