// Package odds owns what is known of the chances of each strategy, and the rules
// that choose among those that offer something.
//
// A Book counts how often a strategy ended an incident of a signature, of a kind,
// and at all. Few trials of a signature lean on those of its kind, and these on all
// (shrinkage); old ones fade (discount). The rules turn that into a choice and a
// sentence. The package neither asks strategies nor acts, reads no clock and draws
// no random numbers of its own. A Book belongs to one goroutine at a time.
package odds

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Case is what a choice is made for.
type Case struct {
	// Signature names the shape of the incident, its component included.
	Signature string
	// Kind is the kind of its leading anomaly, for example "probe".
	Kind string
}

// Trial is how one recovery ended.
type Trial struct {
	Case
	Strategy string
	// Healed reports health through the hold time. A recurrence inside it is none.
	Healed bool
}

// The weights of the estimate. fade lets a trial count half after 23 later ones of
// the same case, so that a drift is followed within some dozen incidents; the
// strengths are the pseudo-trials that a wider circle lends to a narrower one. They
// were chosen on the odd seeds of `homeostat simulate` and are judged on the even.
const (
	fade           = 0.97
	kindStrength   = 4.0
	globalStrength = 2.0
	priorStrength  = 2.0
	prior          = 0.5
)

// Count is a discounted number of trials and of those that healed.
type Count struct {
	Trials float64 `json:"trials"`
	Healed float64 `json:"healed"`
}

func (c Count) add(t Trial) Count {
	c.Trials, c.Healed = fade*c.Trials+1, fade*c.Healed
	if t.Healed {
		c.Healed++
	}
	return c
}

// Book holds the counts of all strategies. The zero value is empty and works; as
// JSON it is what survives a restart.
type Book struct {
	// BySignature and ByKind are strategy, then signature or kind.
	BySignature map[string]map[string]Count `json:"by_signature"`
	ByKind      map[string]map[string]Count `json:"by_kind"`
	All         map[string]Count            `json:"all"`
}

// maxSignatures bounds the signatures kept of a strategy; the one with the fewest
// remembered trials makes room.
const maxSignatures = 4096

// Tell adds a trial.
func (b *Book) Tell(t Trial) {
	if b.All == nil {
		b.All = map[string]Count{}
	}
	if b.BySignature == nil {
		b.BySignature = map[string]map[string]Count{}
	}
	if b.ByKind == nil {
		b.ByKind = map[string]map[string]Count{}
	}
	add(b.BySignature, t.Signature, t)
	add(b.ByKind, t.Kind, t)
	b.All[t.Strategy] = b.All[t.Strategy].add(t)
}

func add(counts map[string]map[string]Count, key string, t Trial) {
	of := counts[t.Strategy]
	if of == nil {
		of = map[string]Count{}
		counts[t.Strategy] = of
	}
	if _, known := of[key]; !known && len(of) >= maxSignatures {
		least := slices.MinFunc(slices.Sorted(maps.Keys(of)), func(x, y string) int { return cmp.Compare(of[x].Trials, of[y].Trials) })
		delete(of, least)
	}
	of[key] = of[key].add(t)
}

// Check reports what no Book that Tell made can hold: a stored one may be damaged.
func (b *Book) Check() error {
	wrong := func(c Count) bool {
		return !(c.Healed >= 0 && c.Healed <= c.Trials && c.Trials <= 1/(1-fade)+1e-9)
	}
	for strategy, c := range b.All {
		if wrong(c) {
			return fmt.Errorf("book of outcomes: %s has %g healed of %g trials", strategy, c.Healed, c.Trials)
		}
	}
	for _, circle := range []map[string]map[string]Count{b.BySignature, b.ByKind} {
		for strategy, of := range circle {
			for key, c := range of {
				if wrong(c) {
					return fmt.Errorf("book of outcomes: %s for %q has %g healed of %g trials", strategy, key, c.Healed, c.Trials)
				}
			}
		}
	}
	return nil
}

// Clone returns a copy that shares nothing.
func (b *Book) Clone() Book {
	out := Book{All: maps.Clone(b.All), BySignature: maps.Clone(b.BySignature), ByKind: maps.Clone(b.ByKind)}
	for _, circle := range []map[string]map[string]Count{out.BySignature, out.ByKind} {
		for strategy, of := range circle {
			circle[strategy] = maps.Clone(of)
		}
	}
	return out
}

// Belief is a Beta distribution over the chance that a strategy heals a case.
type Belief struct {
	Alpha, Beta float64
	// Own is what was counted for the very signature.
	Own Count
}

// Belief returns what the counts say of a strategy in a case: the mean of the wider
// circle, weighted as some pseudo-trials, plus the trials of the narrower.
func (b *Book) Belief(strategy string, c Case) Belief {
	all, kind, own := b.All[strategy], b.ByKind[strategy][c.Kind], b.BySignature[strategy][c.Signature]
	global := (all.Healed + priorStrength*prior) / (all.Trials + priorStrength)
	mean := (kind.Healed + globalStrength*global) / (kind.Trials + globalStrength)
	return Belief{
		Alpha: own.Healed + kindStrength*mean,
		Beta:  own.Trials - own.Healed + kindStrength*(1-mean),
		Own:   own,
	}
}

// Mean is the expected chance, between 0 and 1, never either.
func (b Belief) Mean() float64 { return b.Alpha / (b.Alpha + b.Beta) }

// deviation is the standard deviation of the chance.
func (b Belief) deviation() float64 {
	n := b.Alpha + b.Beta
	return math.Sqrt(b.Alpha * b.Beta / (n * n * (n + 1)))
}

// words says what was counted, for a person.
func (b Belief) words() string {
	if b.Own.Trials < 0.5 {
		return "not tried here yet"
	}
	return fmt.Sprintf("helped in %s of %s lately", tidy(b.Own.Healed), tidy(b.Own.Trials))
}

func tidy(x float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0")
}
