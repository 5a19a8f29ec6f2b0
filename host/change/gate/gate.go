// Package gate owns what stands before a change: the breakers, the limit on the number of changes, the memory of
// rejected changes, and the switch that turns their refusals into warnings for a while.
//
// It owns their joint decision and their joint state, which outlives the daemon. It reads no clock and stores nothing
// itself: the time comes in with each call, and Save is called with the new state before an admission counts. A Gate may
// be used from several goroutines.
package gate

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/ratelimit"
	"github.com/homeostat/homeostat/host/refusal"
)

// Config is what the gates are made of.
type Config struct {
	Breaker breaker.Config
	Rate    ratelimit.Config
	// Save stores the state durably. It is called with the lock held, and must not call the gate.
	Save func(State) error
}

// MaxOff is the longest time for which the gates can be switched off.
const MaxOff = 15 * time.Minute

// Subject is who makes a change, and where.
type Subject struct {
	By        string
	Root      string
	Component string
}

// key names the breaker of an author on a root.
func (s Subject) key() string { return s.By + " on " + s.Root }

// Pass is the permission for one change. Give it back once. It may be written down and used after a restart.
type Pass struct {
	Subject Subject
	Host    breaker.Ticket
	Author  breaker.Ticket
	// Exempt says that the change was not counted by the breakers.
	Exempt bool
}

// State is everything that outlives a restart.
type State struct {
	Breaker  breaker.Snapshot            `json:"breaker"`
	Authors  map[string]breaker.Snapshot `json:"authors,omitempty"`
	Admitted []ratelimit.Entry           `json:"admitted,omitempty"`
	Rejected []Rejected                  `json:"rejected,omitempty"`
	Off      *Off                        `json:"off,omitempty"`
}

// Off says that the gates are switched off, by whom and until when.
type Off struct {
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until"`
}

// Gate is the gates together. Make it with Open.
type Gate struct {
	config Config

	mu       sync.Mutex // guards what follows
	host     *breaker.Breaker
	authors  *breaker.Group
	limiter  *ratelimit.Limiter
	rejected []Rejected
	off      *Off
}

// Open returns the gates as they were when the state was saved; the zero State is that of new ones.
func Open(config Config, s State) (*Gate, error) {
	g := &Gate{config: config, rejected: s.Rejected, off: s.Off}
	var err error
	if g.host, err = breaker.Restore(config.Breaker, s.Breaker); err != nil {
		return nil, err
	}
	if g.authors, err = breaker.NewGroup(config.Breaker, s.Authors); err != nil {
		return nil, err
	}
	g.limiter, err = ratelimit.Restore(config.Rate, s.Admitted)
	return g, err
}

// Configure puts other limits in force. What was counted so far stays counted, and permissions that are out can be given
// back. With an error everything is as before.
func (g *Gate) Configure(b breaker.Config, r ratelimit.Config) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	host, err := breaker.Restore(b, g.host.Snapshot())
	if err != nil {
		return err
	}
	authors, err := breaker.NewGroup(b, g.authors.Snapshots())
	if err != nil {
		return err
	}
	limiter, err := ratelimit.Restore(r, g.limiter.Snapshot())
	if err != nil {
		return err
	}
	g.host, g.authors, g.limiter = host, authors, limiter
	g.config.Breaker, g.config.Rate = b, r
	return nil
}

// save stores the present state. The caller holds mu.
func (g *Gate) save() error {
	s := State{
		Breaker: g.host.Snapshot(), Authors: g.authors.Snapshots(), Admitted: g.limiter.Snapshot(),
		Rejected: g.rejected, Off: g.off,
	}
	if err := g.config.Save(s); err != nil {
		return fmt.Errorf("save the state of the gates: %w", err)
	}
	return nil
}

// Check names everything that would refuse the change now, and counts nothing.
func (g *Gate) Check(now time.Time, who Subject, what Asked) refusal.List {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refusals(now, who, what)
}

func (g *Gate) refusals(now time.Time, who Subject, what Asked) refusal.List {
	var list refusal.List
	for _, err := range []error{
		g.host.Check(now), g.authors.Check(who.key(), now),
		g.limiter.Check(now, ratelimit.Subject{Author: who.By, Component: who.Component}),
		g.recall(what),
	} {
		list = append(list, collect(err)...)
	}
	return list
}

// collect takes the refusals out of an error.
func collect(err error) refusal.List {
	var many refusal.List
	var one refusal.Refusal
	switch {
	case errors.As(err, &many):
		return many
	case errors.As(err, &one):
		return refusal.List{one}
	}
	return nil
}

// Admit takes the permission for a change, or names everything that refuses it. While the gates are off it admits, and
// returns what would have refused as the warnings. The error is that of saving: then nothing was counted durably, and the
// change must not begin.
func (g *Gate) Admit(now time.Time, who Subject, what Asked) (p Pass, refused, warnings refusal.List, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := g.refusals(now, who, what)
	if len(list) > 0 && !g.isOff(now) {
		return Pass{}, list, nil, nil
	}
	p = Pass{Subject: who, Exempt: len(list) > 0}
	if len(list) > 0 {
		return p, nil, list, g.save()
	}
	// Each of these has just been checked, with the lock held all the time.
	if p.Host, err = g.host.Allow(now); err != nil {
		return Pass{}, collect(err), nil, nil
	}
	if p.Author, err = g.authors.Allow(who.key(), now); err != nil {
		g.host.Cancel(p.Host)
		return Pass{}, collect(err), nil, nil
	}
	err = errors.Join(g.limiter.Allow(now, ratelimit.Subject{Author: who.By, Component: who.Component}), g.save())
	if err != nil {
		g.cancel(p)
	}
	return p, nil, nil, err
}

// Exempt is the permission of a change that no gate may refuse.
func Exempt(who Subject) Pass { return Pass{Subject: who, Exempt: true} }

// Result is what became of an admitted change, as the breakers count it.
type Result int

// The results. Dropped changes count neither way. Unsound ones failed a check before anything was touched, which is held
// against their author on that root; Harmful ones were applied, or being applied, and undone, which is held against all.
const (
	Dropped Result = iota
	Sound
	Unsound
	Harmful
)

// Return gives a permission back.
func (g *Gate) Return(now time.Time, p Pass, r Result) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.Exempt {
		return nil
	}
	key := p.Subject.key()
	switch r {
	case Sound:
		g.host.Succeed(p.Host, now)
		g.authors.Succeed(key, p.Author, now)
	case Unsound:
		g.host.Cancel(p.Host)
		g.authors.Fail(key, p.Author, now)
	case Harmful:
		g.host.Fail(p.Host, now)
		g.authors.Cancel(key, p.Author)
	default:
		g.cancel(p)
	}
	return g.save()
}

func (g *Gate) cancel(p Pass) {
	g.host.Cancel(p.Host)
	g.authors.Cancel(p.Subject.key(), p.Author)
}

// Reset closes all breakers at a person's wish.
func (g *Gate) Reset(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.host.Reset(now)
	g.authors.Reset()
	return g.save()
}

// Status is what the gates show.
type Status struct {
	Breaker breaker.State
	Metrics breaker.Metrics
	// Counted is the number of changes in the present window, Max the most that it may hold.
	Counted, Max int
	// Off is set while the gates are switched off.
	Off *Off
}

// Status returns what the gates show at time now.
func (g *Gate) Status(now time.Time) Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := Status{Breaker: g.host.State(now), Metrics: g.host.Metrics(), Counted: g.limiter.Count(now), Max: g.config.Rate.Max}
	if g.isOff(now) {
		off := *g.off
		s.Off = &off
	}
	return s
}

// SwitchOff turns refusals into warnings for at most MaxOff.
func (g *Gate) SwitchOff(now time.Time, off Off) (Off, error) {
	if off.Until.After(now.Add(MaxOff)) || !off.Until.After(now) {
		off.Until = now.Add(MaxOff)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.off = &off
	return off, g.save()
}

// SwitchOn ends what SwitchOff began.
func (g *Gate) SwitchOn() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.off = nil
	return g.save()
}

// IsOff says that the gates are switched off.
func (g *Gate) IsOff(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.isOff(now)
}

// isOff guards against a clock that was set back: no time is further away than MaxOff.
func (g *Gate) isOff(now time.Time) bool {
	return g.off != nil && now.Before(g.off.Until) && !g.off.Until.After(now.Add(MaxOff))
}

// Harmed counts a harmful change that an earlier daemon had admitted.
func (g *Gate) Harmed(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	// An open breaker admits nobody, and is no more open for one failure more.
	if t, err := g.host.Allow(now); err == nil {
		g.host.Fail(t, now)
	}
	return g.save()
}
