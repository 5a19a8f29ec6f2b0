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
	// perMinute is how many requests of a recorded minute are simulated.
	perMinute = 20
	// rate is how many requests arrive a second, usual how long one takes alone,
	// and crowd how much longer for each other that is being served.
	rate  = 120
	usual = 0.05
	crowd = 0.02
	// refusal is what a request that was not served costs.
	refusal = 5
)

// What is assumed where it is no parameter.
const (
	usualLength   = 64
	usualDeadline = 2
)

var errWanted = errors.New("want one to three numbers: workers (1 or more), length of the queue and deadline")

// simulate returns the mean cost of a request under params: workers, and where they
// are given the length of the queue and the seconds after which a waiting request is
// given up. The same seed gives the same requests, whatever the params are.
func simulate(params []float64, seed uint64) (float64, error) {
	s, err := open(params, seed)
	if err != nil {
		return 0, err
	}
	s.arrive(requests, rate)
	return s.mean(), nil
}

// replay is simulate for recorded load: the requests a second in each minute. Of
// each minute a part is simulated, and minutes without requests cost nothing.
func replay(params, load []float64, seed uint64) (float64, error) {
	s, err := open(params, seed)
	if err != nil {
		return 0, err
	}
	for _, r := range load {
		if r > 0 {
			s.arrive(perMinute, r)
		}
	}
	return s.mean(), nil
}

// service is what happens to requests.
type service struct {
	rand     *rand.Rand
	length   int
	deadline float64
	busy     []float64 // until when each worker is busy
	starts   []float64 // when those that wait will be served
	now      float64
	cost     float64
	asked    int
}

func open(params []float64, seed uint64) (*service, error) {
	if len(params) < 1 || len(params) > 3 || !(params[0] >= 1) {
		return nil, errWanted
	}
	s := &service{rand: rand.New(rand.NewPCG(seed, 1)), busy: make([]float64, int(params[0])), length: usualLength, deadline: usualDeadline}
	if len(params) > 1 {
		s.length = int(params[1])
	}
	if len(params) > 2 {
		s.deadline = params[2]
	}
	return s, nil
}

func (s *service) mean() float64 { return s.cost / float64(max(1, s.asked)) }

// arrive lets requests come at so many a second.
func (s *service) arrive(count int, rate float64) {
	for range count {
		s.now += s.rand.ExpFloat64() / rate
		s.asked++
		s.serve(usual * math.Exp(0.5*s.rand.NormFloat64()))
	}
}

// serve gives a request to the worker that is free first, or refuses it.
func (s *service) serve(work float64) {
	for len(s.starts) > 0 && s.starts[0] <= s.now {
		s.starts = s.starts[1:]
	}
	first, served := 0, 0
	for i, until := range s.busy {
		if until < s.busy[first] {
			first = i
		}
		if until > s.now {
			served++
		}
	}
	begin := max(s.now, s.busy[first])
	if begin > s.now && (len(s.starts) >= s.length || begin-s.now > s.deadline) {
		s.cost += refusal
		return
	}
	if begin > s.now {
		s.starts = append(s.starts, begin)
	}
	s.busy[first] = begin + work*(1+crowd*float64(served))
	s.cost += s.busy[first] - s.now
}
