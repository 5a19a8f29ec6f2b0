package reconfigure_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
)

// results are the ends that a recovery may have.
var results = []sdk.Result{
	sdk.ResultHealed, sdk.ResultFailed, sdk.ResultFailed, sdk.ResultRejected, sdk.ResultRecorded, sdk.ResultAborted, sdk.ResultExpired,
}

// moved is one move that was made.
type moved struct {
	at time.Time
	up bool
}

// host plays one: it carries proposals out, or not, and tells the ends.
type host struct {
	now   time.Time
	is    []sdk.Parameter
	moves []moved
}

// TestParametersAreNeverMovedBackAndForth plays incidents that pull the workers
// up and down, with any ends, restarts of the plugin among them, and looks at
// every stretch of a day: there is at most one turn in it. Every value is within
// bounds and step.
func TestParametersAreNeverMovedBackAndForth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strategy(t, rules)
		h := host{now: now, is: parameters()}
		for n := range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := rapid.SampledFrom([]string{"inc_1", "inc_2", "inc_3"}).Draw(t, "incident")
			in := incident(id, rapid.SampledFrom([]string{"requests_waiting_now", "requests_waiting", "rss_bytes"}).Draw(t, "signal"))
			in.Now, in.Parameters = h.now, slices.Clone(h.is)
			p := propose(t, s, in)
			result := rapid.SampledFrom(results).Draw(t, "result")
			made := result == sdk.ResultHealed || result == sdk.ResultFailed || result == sdk.ResultAborted && rapid.Bool().Draw(t, "made")
			if made {
				h.carryOut(t, values(p))
			}
			if result == sdk.ResultFailed && rapid.Bool().Draw(t, "taken back") {
				h.is = slices.Clone(in.Parameters) // by the host, which is no move of the strategy
			}
			h.now = h.now.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "minutes")) * time.Minute)
			o := sdk.Outcome{Incident: id, Component: "web", Signature: in.Signature, Result: result, At: h.now}
			if err := s.Learn(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if n%7 == 6 {
				state, err := s.SaveState()
				if err != nil {
					t.Fatal(err)
				}
				if s = strategy(t, rules); s.LoadState(state) != nil {
					t.Fatal("its own state was refused")
				}
			}
		}
		h.check(t)
	})
}

func (h *host) carryOut(t *rapid.T, set map[string]sdk.Value) {
	for i, p := range h.is {
		v, ok := set[p.Name]
		if !ok {
			continue
		}
		if p.Name == "workers" {
			step := v.Number - p.Value.Number
			if v.Number < p.Min || v.Number > p.Max || step > p.MaxStep || -step > p.MaxStep || step == 0 {
				t.Fatalf("workers from %v to %v: outside bounds or step", p.Value, v)
			}
			h.moves = append(h.moves, moved{h.now, step > 0})
		}
		h.is[i].Value = v
	}
}

// check counts the turns in every stretch of a day.
func (h *host) check(t *rapid.T) {
	for i, first := range h.moves {
		turns := 0
		for j := i + 1; j < len(h.moves) && h.moves[j].at.Sub(first.at) < 24*time.Hour; j++ {
			if h.moves[j].up != h.moves[j-1].up {
				turns++
			}
		}
		if turns > 1 {
			t.Fatalf("%d turns within a day from %v on: %+v", turns, first.at, h.moves)
		}
	}
}

func FuzzStateOfAStranger(f *testing.F) {
	s := strategy(f, rules)
	in := incident("inc_1", "requests_waiting")
	play(f, s, &in, sdk.ResultFailed)
	state, err := s.SaveState()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	f.Add([]byte(`{"version":1,"tracks":{"x":null}}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		s := strategy(t, rules)
		if s.LoadState(state) != nil {
			return
		}
		propose(t, s, incident("inc_1", "requests_waiting"))
		again, err := s.SaveState()
		if err != nil || len(again) > sdk.MaxState {
			t.Fatalf("%v, %d bytes", err, len(again))
		}
		if heir := strategy(t, rules); heir.LoadState(again) != nil {
			t.Fatalf("its own state was refused: %s", again)
		}
	})
}
