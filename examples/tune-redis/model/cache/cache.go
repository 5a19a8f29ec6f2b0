// Package cache models a redis-server before a slow store: what a setting is worth
// to users who want this or that.
//
// It knows three things: how many values fit into the memory and which of them each
// policy keeps, that redis does one thing after the other, and that the store does
// few things at a time. Hit ratios are those of the steady state, by Che's
// approximation (Che, Tung and Wang, 2002) for the least recently used and the like
// of it for random eviction. Requests then pass through the two queues one by one.
// Its functions are pure; the seed decides all chance.
package cache

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Setting is what the model knows of a setting.
type Setting struct {
	// Memory is maxmemory in bytes.
	Memory float64
	// Policy is the place of the policy: 0 least recently used, then the constants
	// below.
	Policy int
	// Samples are looked at for each eviction.
	Samples float64
	// Listed is how many fields a hash may have that is kept as a list.
	Listed float64
}

// The other policies: the least frequently used value is evicted, or any one.
const (
	leastFrequent = 1
	anyOne        = 2
)

// Decode reads parameters in the order of their declaration: maxmemory, policy,
// samples, entries of a list, hz. The last has no effect in the model.
func Decode(params []float64) (Setting, error) {
	const want = 5
	if len(params) != want {
		return Setting{}, fmt.Errorf("got %d parameters, want %d", len(params), want)
	}
	s := Setting{Memory: params[0], Policy: int(params[1]), Samples: params[2], Listed: params[3]}
	if !(s.Memory > 0 && s.Samples >= 1 && s.Listed >= 0) || params[1] < 0 || params[1] > 2 {
		return s, fmt.Errorf("got %v, want memory, policy 0 to 2, samples of at least 1 and entries", params)
	}
	return s, nil
}

// Wants are what users want, as in package load.
type Wants struct {
	Gets       float64
	Keys       int
	Skew       float64
	ValueBytes float64
	Wides      float64
	Hashes     float64
	Fields     float64
}

// Peak is all that users may want at once: more values, and fields of large hashes.
func Peak() Wants {
	return Wants{Gets: 1000, Keys: 1300, Skew: 0.6, ValueBytes: 32_000, Wides: 600, Hashes: 6, Fields: 4000}
}

// What redis and the store take. Times are in seconds and were measured on one
// core of a small machine; see the README.
const (
	getTime   = 40e-6
	tableTime = 150e-6 // a lookup of 64 fields in a table
	entryTime = 14e-9  // for each entry of a list that is passed
	picked    = 64
	fetches   = 4
	fetchTime = 20e-3
	deadline  = 0.5
	// base, entry and cell are bytes: of an empty redis, of a field in a list, and
	// of one in a table. perValue is what a value takes beside its bytes.
	base, entry, cell, perValue = 1.3e6, 19, 96, 900
	requests                    = 1500
)

// Outcome is how users fare.
type Outcome struct {
	// P99 is the 99th percentile in seconds, at most the half second after which
	// users give up; Late the share of those who do.
	P99, Late float64
}

// Seconds is the outcome as one number, lower is better: about how long an incident
// would last in which it is tried.
func (o Outcome) Seconds() float64 { return 1 + o.P99 + 40*o.Late }

// Cost is what a setting costs users with these wants. Memory costs a little too,
// so that of two settings that serve as well the smaller is better.
func Cost(s Setting, w Wants, seed uint64) float64 {
	const whole, price = 64 << 20, 0.1
	return Simulate(s, w, seed).Seconds() + price*s.Memory/whole
}

// Simulate lets requests pass.
func Simulate(s Setting, w Wants, seed uint64) Outcome {
	r := rand.New(rand.NewPCG(seed, 1))
	kept := hits(s, w)
	draw := ranks(w)
	wide := wideTime(s, w)
	var busy [fetches]float64
	took := make([]float64, requests)
	now, free, late := 0.0, 0.0, 0
	for i := range took {
		now += r.ExpFloat64() / (w.Gets + w.Wides)
		isGet, rank, luck := r.Float64()*(w.Gets+w.Wides) < w.Gets, draw(r.Float64()), r.Float64()
		end := max(now, free)
		if end-now > deadline {
			took[i], late = deadline, late+1
			continue
		}
		if isGet {
			end += getTime
		} else {
			end += wide
		}
		free = end
		if isGet && luck >= kept[rank] {
			end = fetch(&busy, now, end)
		}
		took[i] = min(end-now, deadline)
		if end-now >= deadline {
			late++
		}
	}
	slices.Sort(took)
	return Outcome{P99: took[requests*99/100], Late: float64(late) / requests}
}

// fetch returns when the store has served a request that came at now and missed at
// the given time. Nobody waits in vain: who would is given up at once.
func fetch(busy *[fetches]float64, now, missed float64) float64 {
	first := 0
	for i, until := range busy {
		if until < busy[first] {
			first = i
		}
	}
	begin := max(missed, busy[first])
	if begin-now > deadline {
		return begin
	}
	busy[first] = begin + fetchTime
	return busy[first]
}

// wideTime is what one lookup of fields takes.
func wideTime(s Setting, w Wants) float64 {
	if w.Fields > s.Listed {
		return tableTime
	}
	return tableTime + picked*w.Fields*entryTime // half of them, each with its value
}

// popularity is how often each rank is wanted; the sum is 1.
func popularity(w Wants) []float64 {
	p := make([]float64, w.Keys)
	sum := 0.0
	for i := range p {
		p[i] = math.Pow(float64(i)+1, -w.Skew)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// ranks turns even draws into ranks.
func ranks(w Wants) func(float64) int {
	sums := popularity(w)
	for i := 1; i < len(sums); i++ {
		sums[i] += sums[i-1]
	}
	return func(u float64) int {
		i, _ := slices.BinarySearch(sums, u)
		return min(i, len(sums)-1)
	}
}

// hits returns the chance of each rank to be in the cache.
func hits(s Setting, w Wants) []float64 {
	each := float64(entry)
	if w.Fields > s.Listed {
		each = cell
	}
	room := max(s.Memory-base-w.Hashes*w.Fields*each, 0) / (w.ValueBytes + perValue)
	p := popularity(w)
	out := make([]float64, len(p))
	if room >= float64(len(p)) {
		for i := range out {
			out[i] = 1
		}
		return out
	}
	if s.Policy == leastFrequent {
		for i := range out {
			out[i] = min(max(room-float64(i), 0), 1)
		}
		return out
	}
	random := balanced(p, room, func(x float64) float64 { return x / (1 + x) })
	if s.Policy == anyOne {
		return random
	}
	recent := balanced(p, room, func(x float64) float64 { return -math.Expm1(-x) })
	for i := range out { // few samples find the right one to evict less often
		out[i] = random[i] + (recent[i]-random[i])*(1-1/(1+s.Samples))
	}
	return out
}

// balanced finds the time for which values stay so that as many are there as there
// is room for, and returns the chance of each to be there. To find it, one value
// stands for its neighbours.
func balanced(p []float64, room float64, stays func(float64) float64) []float64 {
	const halvings, neighbours = 30, 10
	low, high := -20.0, 40.0 // of the logarithm
	for range halvings {
		middle := (low + high) / 2
		t, sum := math.Exp(middle), 0.0
		for i := 0; i < len(p); i += neighbours {
			sum += stays(p[i]*t) * float64(min(neighbours, len(p)-i))
		}
		if sum > room {
			high = middle
		} else {
			low = middle
		}
	}
	t, out := math.Exp(low), make([]float64, len(p))
	for i := range out {
		out[i] = stays(p[i] * t)
	}
	return out
}
