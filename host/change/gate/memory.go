package gate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/refusal"
)

// maxRejected bounds the memory; the oldest entry is forgotten first.
const maxRejected = 1000

// ErrUnknown matches errors about a change that is not remembered as rejected.
var ErrUnknown = errors.New("it is not remembered as rejected")

// Asked is what a change asks for: its edits, and the files that they are made for.
type Asked struct {
	Key     string
	Context string
}

// Rejected is a change that was tried and undone, or that failed its checks. The same edits on the same files are not
// tried again.
type Rejected struct {
	Key     string    `json:"key"`
	Context string    `json:"context"`
	Change  string    `json:"change"`
	Why     string    `json:"why"`
	At      time.Time `json:"at"`
}

// Remember keeps a change from being tried again until Lift, or until one of its files is another.
func (g *Gate) Remember(r Rejected) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rejected = slices.DeleteFunc(g.rejected, func(o Rejected) bool { return o.Key == r.Key && o.Context == r.Context })
	g.rejected = append(g.rejected, r)
	g.rejected = slices.Clone(g.rejected[max(0, len(g.rejected)-maxRejected):])
	return g.save()
}

// Lift forgets that the change of that id was rejected.
func (g *Gate) Lift(change string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := len(g.rejected)
	g.rejected = slices.DeleteFunc(slices.Clone(g.rejected), func(r Rejected) bool { return r.Change == change })
	if len(g.rejected) == before {
		return fmt.Errorf("lift %s: %w", change, ErrUnknown)
	}
	return g.save()
}

// Rejected lists what is remembered, the newest first.
func (g *Gate) Rejected() []Rejected {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := slices.Clone(g.rejected)
	slices.Reverse(list)
	return list
}

func (g *Gate) recall(what Asked) error {
	for _, r := range g.rejected {
		if r.Key == what.Key && r.Context == what.Context {
			return refusal.Refusal{
				Rule:  "memory.rejected",
				Limit: "no change that was rejected on the same files",
				Value: fmt.Sprintf("%s of %s: %s", r.Change, r.At.UTC().Format(time.RFC3339), r.Why),
				Hint:  "change the candidate, or let it be tried again with `homeostat change lift " + r.Change + "`",
			}
		}
	}
	return nil
}
