package reconfigure

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// phase is where the moves of a parameter stand.
type phase string

// The phases of a track.
const (
	climbing phase = "climbing" // steps were made and have not helped yet
	helped   phase = "helped"   // the last step helped
	backing  phase = "backing"  // the steps did not help: back to the origin
	resting  phase = "resting"  // left alone
)

// track is where a parameter came from and where it is going.
type track struct {
	Component string `json:"component"`
	Parameter string `json:"parameter"`
	Incident  string `json:"incident"`
	// Origin is the value to which steps that do not help go back.
	Origin sdk.Value `json:"origin"`
	// Before and Last are the ends of the last move: after one of which nobody
	// knows whether it was made, the value is one of them.
	Before    sdk.Value `json:"before"`
	Last      sdk.Value `json:"last"`
	Direction int       `json:"direction"`
	Steps     int       `json:"steps"`
	Phase     phase     `json:"phase"`
	At        time.Time `json:"at"`
	Why       string    `json:"why"`
}

// goesOn says that a move is in the direction of the last one. Of values without
// a direction nobody knows, so a second move of them does not go on.
func (t *track) goesOn(m move) bool { return t.Direction != 0 && t.Direction == m.direction() }

// strides is how many steps the next move takes. The host takes back what did not
// help; from there the same step would not help either, so one more is taken.
func (t *track) strides(p sdk.Parameter) int {
	if t == nil || t.Phase != climbing || p.Value != t.Before || p.Value == t.Last {
		return 1
	}
	return t.Steps + 1
}

// rest ends the moves of the parameter for a while.
func (t *track) rest(at time.Time, why string) { t.Phase, t.At, t.Why = resting, at, why }

// score counts how often a rule helped against a kind of incident.
type score struct {
	Tries  int       `json:"tries"`
	Helped int       `json:"helped"`
	Last   time.Time `json:"last"`
}

// offered are moves that were proposed and of which the end is not known.
type offered struct {
	Component string    `json:"component"`
	Signature string    `json:"signature"`
	Moves     []move    `json:"moves"`
	At        time.Time `json:"at"`
}

// memory is what survives a restart of the plugin.
type memory struct {
	Tracks map[string]*track  `json:"tracks"` // by component and parameter
	Scores map[string]score   `json:"scores"` // by component, signature and rule
	Offers map[string]offered `json:"offers"` // by incident
}

// Bounds of the memory, so that it stays below sdk.MaxState: the oldest entries go first.
const (
	maxScores = 1000
	maxOffers = 100
	maxTracks = 500
)

func newMemory() memory {
	return memory{Tracks: map[string]*track{}, Scores: map[string]score{}, Offers: map[string]offered{}}
}

func key(parts ...string) string { return strings.Join(parts, "\x1f") }

// track returns what is known of a parameter, nil for nothing.
func (m *memory) track(p sdk.Parameter) *track { return m.Tracks[key(p.Component, p.Name)] }

// settle brings the tracks of the incident's component up to date with what the
// parameters are now.
func (m *memory) settle(in sdk.Incident, forget time.Duration) {
	for _, p := range in.Parameters {
		t := m.track(p)
		if t == nil {
			continue
		}
		known := p.Value == t.Last || p.Value == t.Before
		switch {
		case t.Phase != resting && !known:
			t.rest(in.Now, fmt.Sprintf("somebody else set it to %v", p.Value))
		case t.Phase == climbing && t.Incident != in.ID:
			t.Phase = backing // the incident in which it did not help is over
		case t.Phase == backing:
		case in.Now.Sub(t.At) >= forget:
			delete(m.Tracks, key(p.Component, p.Name))
		}
		if t.Phase == backing && p.Value == t.Origin {
			t.rest(in.Now, fmt.Sprintf("%d steps did not help, and it was moved back", t.Steps))
		}
	}
}

// offer notes what is proposed.
func (m *memory) offer(in sdk.Incident, moves []move) {
	m.Offers[in.ID] = offered{Component: in.Component, Signature: in.Signature, Moves: moves, At: in.Now}
	trim(m.Offers, maxOffers, func(o offered) time.Time { return o.At })
}

// record returns how often a rule was tried against the incident's kind, and how
// often it helped.
func (m *memory) record(in sdk.Incident, rule string) (tries, helped int) {
	s := m.Scores[key(in.Component, in.Signature, rule)]
	return s.Tries, s.Helped
}

// learn takes in how the offer for an incident ended. A move that a person did
// not want, or that was only recorded, was not made.
func (m *memory) learn(o sdk.Outcome, tries int) {
	offer, ok := m.Offers[o.Incident]
	delete(m.Offers, o.Incident)
	if !ok {
		return
	}
	for _, move := range offer.Moves {
		switch o.Result {
		case sdk.ResultHealed, sdk.ResultFailed, sdk.ResultAborted:
			m.made(o, offer, move)
			m.judge(o, offer, move, tries)
		case sdk.ResultRejected:
			t := m.begin(o, offer, move)
			t.rest(o.At, "a person did not want it moved")
		}
	}
	trim(m.Scores, maxScores, func(s score) time.Time { return s.Last })
	trim(m.Tracks, maxTracks, func(t *track) time.Time { return t.At })
}

// begin returns the track of a move, a new one where there is none.
func (m *memory) begin(o sdk.Outcome, offer offered, mv move) *track {
	id := key(offer.Component, mv.Parameter)
	t, ok := m.Tracks[id]
	if !ok {
		t = &track{
			Component: offer.Component, Parameter: mv.Parameter, Origin: mv.From, Before: mv.From, Last: mv.From,
			Direction: mv.direction(), Phase: climbing,
		}
		m.Tracks[id] = t
	}
	t.Incident, t.At = o.Incident, o.At
	return t
}

// made moves the track.
func (m *memory) made(o sdk.Outcome, offer offered, mv move) {
	t := m.begin(o, offer, mv)
	t.Before, t.Last = mv.From, mv.To
	if !mv.Back {
		t.Steps++
	}
}

// judge decides how the parameter goes on.
func (m *memory) judge(o sdk.Outcome, offer offered, mv move, tries int) {
	t := m.Tracks[key(offer.Component, mv.Parameter)]
	if mv.Back {
		if mv.To == t.Origin && o.Result != sdk.ResultAborted {
			t.rest(o.At, fmt.Sprintf("%d steps did not help, and it was moved back", t.Steps))
		}
		return
	}
	if o.Result == sdk.ResultAborted {
		return
	}
	id := key(offer.Component, offer.Signature, mv.Rule)
	s := m.Scores[id]
	s.Tries, s.Last = s.Tries+1, o.At
	switch {
	case o.Result == sdk.ResultHealed:
		s.Helped++
		t.Phase, t.Origin, t.Steps = helped, mv.To, 0
	case t.Steps >= tries || mv.direction() == 0:
		t.Phase = backing
	default:
		t.Phase = climbing
	}
	m.Scores[id] = s
}

// trim removes the oldest entries beyond a number.
func trim[V any](entries map[string]V, most int, at func(V) time.Time) {
	if len(entries) <= most {
		return
	}
	ids := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		if c := at(entries[a]).Compare(at(entries[b])); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, id := range ids[:len(ids)-most] {
		delete(entries, id)
	}
}

// explain tells an operator what is known of a component.
func (m *memory) explain(component string) string {
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(m.Tracks)) {
		if t := m.Tracks[id]; t.Component == component {
			lines = append(lines, fmt.Sprintf("%s is %s: last from %v to %v at %s, origin %v. %s", t.Parameter, t.Phase, t.Before, t.Last, clock(t.At), t.Origin, t.Why))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.Scores)) {
		parts := strings.Split(id, "\x1f")
		if s := m.Scores[id]; parts[0] == component && len(parts) == 3 {
			lines = append(lines, fmt.Sprintf("%s against %s helped %d of %d times", parts[2], parts[1], s.Helped, s.Tries))
		}
	}
	if len(lines) == 0 {
		return "nothing was moved for " + component + " yet"
	}
	return strings.Join(lines, "\n")
}

// stateVersion is of the form of the saved memory.
const stateVersion = 1

type saved struct {
	Version int `json:"version"`
	memory
}

func (m *memory) save() ([]byte, error) { return json.Marshal(saved{stateVersion, *m}) }

var errState = errors.New("this is no state of the reconfigure strategy")

// load reads a saved memory. What save would not write is refused as a whole.
func load(state []byte) (memory, error) {
	in := saved{memory: newMemory()}
	if err := json.Unmarshal(state, &in); err != nil {
		return memory{}, fmt.Errorf("%w: %w", errState, err)
	}
	if in.Version != stateVersion || in.Tracks == nil || in.Scores == nil || in.Offers == nil ||
		len(in.Tracks) > maxTracks || len(in.Scores) > maxScores || len(in.Offers) > maxOffers {
		return memory{}, fmt.Errorf("%w of version %d", errState, stateVersion)
	}
	for id, t := range in.Tracks {
		if t == nil || id != key(t.Component, t.Parameter) || !slices.Contains([]phase{climbing, helped, backing, resting}, t.Phase) {
			return memory{}, fmt.Errorf("%w: the track %q is damaged", errState, id)
		}
	}
	return in.memory, nil
}
