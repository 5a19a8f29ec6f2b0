package breaker

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// maxKeys bounds a Group. Keys come from strangers (names of authors), who must not be able to fill the memory.
const maxKeys = 4096

// Group is a set of equal breakers, one per key, such as an author on a root. A key without trouble takes no room. Of
// more than 4096 keys in trouble the one whose state changed longest ago is forgotten.
type Group struct {
	config Config

	mu  sync.Mutex
	all map[string]*Breaker
}

// NewGroup returns a group that goes on from the snapshots of another; nil for a new one.
func NewGroup(config Config, snapshots map[string]Snapshot) (*Group, error) {
	g := &Group{config: config, all: make(map[string]*Breaker)}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	for key, s := range snapshots {
		b, err := Restore(config, s)
		if err != nil {
			return nil, fmt.Errorf("breaker of %q: %w", key, err)
		}
		g.all[key] = b
	}
	for len(g.all) > maxKeys {
		g.forgetOldest()
	}
	return g, nil
}

// Allow is Breaker.Allow for key.
func (g *Group) Allow(key string, now time.Time) (Ticket, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.of(key).Allow(now)
}

// Check is Breaker.Check for key.
func (g *Group) Check(key string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := g.all[key]; b != nil {
		return b.Check(now)
	}
	return nil
}

// Succeed is Breaker.Succeed for key.
func (g *Group) Succeed(key string, t Ticket, now time.Time) {
	g.with(key, func(b *Breaker) { b.Succeed(t, now) })
}

// Fail is Breaker.Fail for key.
func (g *Group) Fail(key string, t Ticket, now time.Time) {
	g.with(key, func(b *Breaker) { b.Fail(t, now) })
}

// Cancel is Breaker.Cancel for key.
func (g *Group) Cancel(key string, t Ticket) {
	g.with(key, func(b *Breaker) { b.Cancel(t) })
}

// Reset closes the breakers of all keys.
func (g *Group) Reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.all)
}

// Snapshots returns the state of every key in trouble, by key.
func (g *Group) Snapshots() map[string]Snapshot {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make(map[string]Snapshot, len(g.all))
	for key, b := range g.all {
		out[key] = b.Snapshot()
	}
	return out
}

func (g *Group) with(key string, act func(*Breaker)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	act(g.of(key))
	if g.all[key].untroubled() {
		delete(g.all, key)
	}
}

// of returns the breaker of key, a new one if there is none. The caller holds the lock.
func (g *Group) of(key string) *Breaker {
	if b := g.all[key]; b != nil {
		return b
	}
	if len(g.all) >= maxKeys {
		g.forgetOldest()
	}
	b := &Breaker{config: g.config, state: Snapshot{State: Closed}}
	g.all[key] = b
	return b
}

func (g *Group) forgetOldest() {
	var oldest string
	var since time.Time
	first := true
	for key, b := range maps.All(g.all) {
		if first || b.state.Since.Before(since) {
			oldest, since, first = key, b.state.Since, false
		}
	}
	delete(g.all, oldest)
}

// untroubled says that a breaker behaves as a new one does. A closed one of a later generation does not: it must go on
// dropping late results.
func (b *Breaker) untroubled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state.State == Closed && b.state.Failed == 0 && b.inFlight == 0 && b.state.Generation == 0
}
