package odds

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Rule names a way to choose.
type Rule string

// The rules. Guarded is the default: in simulated streams of incidents it was never
// worse than the ladder, which the others were in some worlds.
const (
	Ladder   Rule = "ladder"   // the first that offers, always
	Guarded  Rule = "guarded"  // the ladder, left only on clear evidence
	Cost     Rule = "cost"     // highest chance per cost
	Thompson Rule = "thompson" // highest drawn chance per cost
)

// Rules lists all of them.
func Rules() []Rule { return []Rule{Ladder, Guarded, Cost, Thompson} }

// Option is a strategy that offers something now.
type Option struct {
	Strategy string
	// Cost is how long its proposal is expected to take, a positive span.
	Cost time.Duration
}

// Choice is what a rule decided.
type Choice struct {
	// Index of the option.
	Index int
	// Why is one sentence.
	Why string
	// Propensities are the probabilities with which each option was to be chosen.
	// They add up to 1 and are neither 0 nor 1 only under Thompson.
	Propensities []float64
}

// certain is the choice of an option by a rule that draws nothing.
func (p pick) certain(index int, why string) Choice {
	c := Choice{Index: index, Why: why, Propensities: make([]float64, len(p.options))}
	c.Propensities[index] = 1
	return c
}

// Source gives random numbers in [0, 1). math/rand/v2's Rand is one.
type Source interface{ Float64() float64 }

// Choose picks one of the options, which are in the ladder's order and at least
// one. Only Thompson draws from the source.
func (b *Book) Choose(rule Rule, c Case, options []Option, src Source) Choice {
	beliefs := make([]Belief, len(options))
	for i, o := range options {
		beliefs[i] = b.Belief(o.Strategy, c)
	}
	p := pick{options: options, beliefs: beliefs}
	switch {
	case len(options) == 1 || rule == Ladder:
		return p.certain(0, p.first())
	case rule == Cost:
		return p.byCost()
	case rule == Thompson:
		return p.thompson(src)
	}
	return p.guarded()
}

// Contested reports whether the first rung that offers may be passed over, so that
// the rungs below have to be asked as well.
func (b *Book) Contested(rule Rule, c Case, first string) bool {
	switch rule {
	case Ladder:
		return false
	case Cost, Thompson:
		return true
	}
	return b.BySignature[first][c.Signature].Trials >= enough
}

// pick is one choice under way.
type pick struct {
	options []Option
	beliefs []Belief
}

func (p pick) first() string {
	return fmt.Sprintf("%s is the first on the ladder that offers something (%s)", p.options[0].Strategy, p.beliefs[0].words())
}

// worth is chance per cost: trying in its order has the smallest expected time when
// attempts are independent (Smith's rule for a search among boxes).
func (p pick) worth(i int) float64 { return p.beliefs[i].Mean() / seconds(p.options[i]) }

func (p pick) byCost() Choice {
	best := 0
	for i := range p.options {
		if p.worth(i) > p.worth(best) {
			best = i
		}
	}
	return p.certain(best, fmt.Sprintf("%s has the highest chance for its cost: %s, %v",
		p.options[best].Strategy, percent(p.beliefs[best]), rounded(p.options[best].Cost)))
}

// Evidence that the guarded ladder wants before it leaves a rung out.
const (
	// clear is how many standard deviations another must be better: one-sided 95 %.
	clear = 1.645
	// enough is how many remembered trials of this very signature the rung must
	// have had.
	enough = 3
)

func (p pick) guarded() Choice {
	at := 0
	for {
		next := p.clearlyBetter(at)
		if next < 0 {
			break
		}
		at = next
	}
	if at == 0 {
		return p.certain(0, p.first())
	}
	return p.certain(at, fmt.Sprintf("%s instead of %s: %s, %s", p.options[at].Strategy, p.options[0].Strategy, p.worded(0), p.worded(at)))
}

// worded says what speaks for an option and what it costs, the wait included.
func (p pick) worded(i int) string {
	return fmt.Sprintf("%s %s and takes %v", p.options[i].Strategy, p.beliefs[i].words(), rounded(p.options[i].Cost))
}

// rounded is a cost as a person would say it.
func rounded(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

// clearlyBetter returns the next rung below that is clearly better than rung at,
// -1 for none.
func (p pick) clearlyBetter(at int) int {
	if p.beliefs[at].Own.Trials < enough {
		return -1
	}
	for i := at + 1; i < len(p.options); i++ {
		if p.lead(i, at) > clear {
			return i
		}
	}
	return -1
}

// lead is by how many standard deviations the chance per cost of option i is above
// that of option j: p_i/c_i > p_j/c_j is p_i c_j > p_j c_i, whose two sides are
// taken for normal.
func (p pick) lead(i, j int) float64 {
	ci, cj := seconds(p.options[i]), seconds(p.options[j])
	spread := math.Hypot(p.beliefs[i].deviation()*cj, p.beliefs[j].deviation()*ci)
	return (p.beliefs[i].Mean()*cj - p.beliefs[j].Mean()*ci) / spread
}

// seconds is an option's cost, never zero.
func seconds(o Option) float64 { return max(o.Cost, time.Millisecond).Seconds() }

// draws is how many times a Thompson choice is drawn. The first one is taken, and
// the propensities are the shares of all: whatever the draws are, as a set, each is
// as likely as any other to have come first, so these propensities are exact.
const draws = 200

func (p pick) thompson(src Source) Choice {
	best := p.draw(src)
	shares := make([]float64, len(p.options))
	shares[best] = 1
	for range draws - 1 {
		shares[p.draw(src)]++
	}
	for i := range shares {
		shares[i] /= draws
	}
	return Choice{Index: best, Propensities: shares,
		Why: fmt.Sprintf("%s was drawn by its chance for its cost: %s, %v", p.options[best].Strategy, percent(p.beliefs[best]), rounded(p.options[best].Cost))}
}

func (p pick) draw(src Source) int {
	worths := make([]float64, len(p.options))
	for i, o := range p.options {
		worths[i] = beta(src, p.beliefs[i]) / seconds(o)
	}
	return slices.Index(worths, slices.Max(worths))
}

func percent(b Belief) string { return fmt.Sprintf("%.0f %%", 100*b.Mean()) }
