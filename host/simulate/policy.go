package simulate

import (
	"math/rand/v2"
	"slices"

	"github.com/homeostat/homeostat/host/heal/odds"
)

// Policy is a way to choose a remedy.
type Policy string

// The policies. Oracle knows what helps against each fault, and with which chance;
// nobody can do better on average. RestartThrice is the habit of supervisors:
// three restarts, then a person.
const (
	Oracle        Policy = "oracle"
	Ladder        Policy = "ladder"
	Guarded       Policy = "guarded"
	Cost          Policy = "cost"
	Thompson      Policy = "thompson"
	RestartThrice Policy = "restart-thrice"
)

// Policies lists all of them.
func Policies() []Policy {
	return []Policy{Oracle, Guarded, Cost, Thompson, Ladder, RestartThrice}
}

// chooser picks the next remedy for an incident.
type chooser interface {
	// choose returns an index into remedies, -1 to call a person. left are the
	// remedies that the coordinator has not put in quarantine, in the ladder's order.
	choose(i incident, left []int) int
	learn(t odds.Trial)
}

func newChooser(p Policy, w *world) chooser {
	switch p {
	case Oracle:
		return oracle{}
	case RestartThrice:
		return &thrice{}
	}
	return &booked{rule: odds.Rule(p), kinds: w.kinds, rng: rand.New(rand.NewPCG(w.seed, uint64(len(p))))}
}

type oracle struct{}

// choose takes the highest chance per cost. A remedy whose expected time is longer
// than a person's is not tried.
func (oracle) choose(i incident, left []int) int {
	if len(left) == 0 {
		return -1
	}
	worth := func(r int) float64 { return i.chances[r] / remedies[r].cost.Seconds() }
	best := slices.MaxFunc(left, func(a, b int) int {
		if worth(a) < worth(b) {
			return -1
		}
		return 1
	})
	if worth(best) < 1/person.Seconds() {
		return -1
	}
	return best
}

func (oracle) learn(odds.Trial) {}

// booked asks the rules that the daemon asks.
type booked struct {
	book  odds.Book
	rule  odds.Rule
	kinds map[string]string
	rng   *rand.Rand
}

func (b *booked) choose(i incident, left []int) int {
	if len(left) == 0 {
		return -1
	}
	options := make([]odds.Option, len(left))
	for n, r := range left {
		options[n] = odds.Option{Strategy: remedies[r].name, Cost: remedies[r].cost}
	}
	c := odds.Case{Signature: i.signature, Kind: b.kinds[i.signature]}
	return left[b.book.Choose(b.rule, c, options, b.rng).Index]
}

func (b *booked) learn(t odds.Trial) { b.book.Tell(t) }

// thrice restarts three times whatever happens.
type thrice struct{ tries int }

func (t *thrice) choose(_ incident, left []int) int {
	const restart = 1
	if len(left) == len(remedies) {
		t.tries = 0
	}
	if t.tries++; t.tries > 3 {
		return -1
	}
	return restart
}

func (*thrice) learn(odds.Trial) {}
