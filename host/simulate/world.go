package simulate

import (
	"math/rand/v2"
	"time"
)

// remedy is a strategy of the simulated ladder, least invasive first.
type remedy struct {
	name string
	// cost is how long it takes until it is known whether it helped.
	cost time.Duration
}

var remedies = []remedy{
	{"revert", 12 * time.Second}, {"restart", 8 * time.Second}, {"isolate", 20 * time.Second},
	{"reconfigure", 40 * time.Second}, {"genetic", 90 * time.Second},
}

// person is how long a person takes who is called when nothing else is left.
const person = 15 * time.Minute

// fault is a class of faults: what it looks like and what ends it.
type fault struct {
	signature, kind string
	// chances are those of each remedy.
	chances []float64
}

// incident is one event of a stream, with the luck of each remedy drawn in advance
// so that every policy meets the very same one.
type incident struct {
	fault     int
	signature string
	luck      []float64 // uniform in [0, 1), one for each remedy
	gap       time.Duration
	// chances are the fault's at that time.
	chances []float64
}

// world is a host with its faults and the stream of its incidents.
type world struct {
	seed   uint64
	stream []incident
	kinds  map[string]string // of signatures
}

// The ranges that worlds are drawn from.
const (
	fewestFaults, mostFaults = 4, 10
	// plain is the share of incidents that show only what all faults of their kind
	// show.
	plain = 0.2
	// meanGap is the mean time between two incidents.
	meanGap = 6 * time.Hour
)

func newWorld(c Config, seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	w := &world{seed: seed, kinds: map[string]string{}}
	faults := make([]fault, fewestFaults+rng.IntN(mostFaults-fewestFaults+1))
	weights := make([]float64, len(faults))
	for i := range faults {
		kind := []string{"probe", "threshold", "exit"}[rng.IntN(3)]
		faults[i] = fault{signature: kind + "/" + string(rune('a'+i)), kind: kind, chances: newChances(rng)}
		w.kinds[faults[i].signature], w.kinds[kind] = kind, kind
		weights[i] = rng.ExpFloat64()
	}
	drifts := map[int]bool{}
	for len(drifts) < c.Drift {
		drifts[rng.IntN(c.Incidents)] = true
	}
	for n := range c.Incidents {
		if drifts[n] {
			drift(rng, faults)
		}
		w.stream = append(w.stream, newIncident(rng, faults, weights))
	}
	return w
}

// newChances draws what helps: one remedy that mostly does, a restart that often
// hides the fault for good, and others that help now and then.
func newChances(rng *rand.Rand) []float64 {
	chances := make([]float64, len(remedies))
	for i := range chances {
		chances[i] = 0.15 * rng.Float64()
	}
	chances[1] = 0.6 * rng.Float64()
	chances[rng.IntN(len(chances))] = 0.8 + 0.18*rng.Float64()
	return chances
}

// drift changes what helps against a third of the faults, at least one.
func drift(rng *rand.Rand, faults []fault) {
	for range max(1, len(faults)/3) {
		faults[rng.IntN(len(faults))].chances = newChances(rng)
	}
}

func newIncident(rng *rand.Rand, faults []fault, weights []float64) incident {
	i := incident{fault: weighted(rng, weights), gap: time.Duration(rng.ExpFloat64() * float64(meanGap))}
	f := faults[i.fault]
	i.signature, i.chances = f.signature, f.chances
	if rng.Float64() < plain {
		i.signature = f.kind
	}
	for range remedies {
		i.luck = append(i.luck, rng.Float64())
	}
	return i
}

func weighted(rng *rand.Rand, weights []float64) int {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	at := total * rng.Float64()
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}
