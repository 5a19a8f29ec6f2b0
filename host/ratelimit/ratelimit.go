// Package ratelimit owns the limit on the number of changes: at most so many in any rolling window, in all, for each
// author and for each component.
//
// It keeps the time of each admitted change (a sliding log), because a token bucket of the same rate admits nearly twice
// the number in its worst window. It is a pure state machine: the time comes in with each call, Snapshot and
// Restore carry the log over a restart. A Limiter may be used from several goroutines.
package ratelimit

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/refusal"
)

// Config says how many changes a rolling Window may hold: Max in all, PerAuthor of one author, PerComponent on one
// component. All values must be at least 1 (Window: more than 0).
type Config struct {
	Max          int
	PerAuthor    int
	PerComponent int
	Window       time.Duration
}

// DefaultConfig allows 10 changes in any minute, whoever makes them and wherever.
func DefaultConfig() Config {
	return Config{Max: 10, PerAuthor: 10, PerComponent: 10, Window: time.Minute}
}

// Validate tells what is out of range.
func (c Config) Validate() error {
	if c.Max < 1 || c.PerAuthor < 1 || c.PerComponent < 1 {
		return fmt.Errorf("rate limit: max %d, per_author %d and per_component %d must each be at least 1",
			c.Max, c.PerAuthor, c.PerComponent)
	}
	if c.Window <= 0 {
		return fmt.Errorf("rate limit: window %s must be more than 0", c.Window)
	}
	return nil
}

// Subject is who makes a change, and on what. An empty Component belongs to no component and is not limited as one.
type Subject struct {
	Author    string `json:"author"`
	Component string `json:"component,omitempty"`
}

// Entry is one admitted change. It counts from At until just before At + Window.
type Entry struct {
	Subject
	At time.Time `json:"at"`
}

// Limiter admits changes. Make it with New or Restore. It never holds more than Max entries, so that strangers' names
// cannot fill the memory.
type Limiter struct {
	config Config

	mu  sync.Mutex
	log []Entry // oldest first
}

// New returns a limiter that has admitted nothing yet.
func New(config Config) (*Limiter, error) {
	return Restore(config, nil)
}

// Restore returns a limiter that goes on from the log of another.
func Restore(config Config, log []Entry) (*Limiter, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	for i := 1; i < len(log); i++ {
		if log[i].At.Before(log[i-1].At) {
			return nil, fmt.Errorf("restore rate limit: entry %d at %s is before the entry it follows", i, log[i].At)
		}
	}
	// Max may have been lowered since: the youngest entries are those that count longest.
	log = log[max(0, len(log)-config.Max):]
	return &Limiter{config: config, log: append(make([]Entry, 0, config.Max), log...)}, nil
}

// Allow admits one change at time now, or refuses it with a refusal.List that names every limit that is reached. A
// refused change does not count.
func (l *Limiter) Allow(now time.Time, who Subject) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance(now)
	if err := l.refuse(now, who); err != nil {
		return err
	}
	l.log = append(l.log, Entry{who, now})
	return nil
}

// Check says what Allow would say, and counts nothing.
func (l *Limiter) Check(now time.Time, who Subject) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance(now)
	return l.refuse(now, who)
}

// Count is the number of changes in the window that ends now.
func (l *Limiter) Count(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance(now)
	return len(l.log)
}

// Snapshot returns the log, oldest first. Store it after each admitted change.
func (l *Limiter) Snapshot() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Entry(nil), l.log...)
}

// advance drops what has left the window. Entries of the future exist when the clock was set back; they are moved to now,
// so that they count for one window and not until the clock has caught up.
func (l *Limiter) advance(now time.Time) {
	for i := len(l.log) - 1; i >= 0 && l.log[i].At.After(now); i-- {
		l.log[i].At = now
	}
	expired := 0
	for expired < len(l.log) && now.Sub(l.log[expired].At) >= l.config.Window {
		expired++
	}
	if expired > 0 {
		l.log = append(l.log[:0], l.log[expired:]...)
	}
}

func (l *Limiter) refuse(now time.Time, who Subject) error {
	author, component := 0, 0
	for i := range l.log {
		if l.log[i].Author == who.Author {
			author++
		}
		if who.Component != "" && l.log[i].Component == who.Component {
			component++
		}
	}
	if len(l.log) < l.config.Max && author < l.config.PerAuthor && component < l.config.PerComponent {
		return nil
	}
	return refusal.List(slices.Concat(
		l.judge(now, rule{"rate.window", l.config.Max, "in all", func(Entry) bool { return true }}),
		l.judge(now, rule{"rate.author", l.config.PerAuthor, "by " + who.Author,
			func(e Entry) bool { return e.Author == who.Author }}),
		l.judge(now, rule{"rate.component", l.config.PerComponent, "on " + who.Component,
			func(e Entry) bool { return who.Component != "" && e.Component == who.Component }}),
	))
}

// rule is one limit and the entries that it counts.
type rule struct {
	name   string
	max    int
	what   string
	counts func(Entry) bool
}

// judge refuses if the rule is reached. The wait ends when enough of its oldest entries have left the window: more than
// one must leave if the limit was lowered.
func (l *Limiter) judge(now time.Time, r rule) refusal.List {
	var counted []Entry
	for _, e := range l.log {
		if r.counts(e) {
			counted = append(counted, e)
		}
	}
	if len(counted) < r.max {
		return nil
	}
	last := counted[len(counted)-r.max]
	return refusal.List{{
		Rule:       r.name,
		Limit:      fmt.Sprintf("%d changes in %s %s", r.max, l.config.Window, r.what),
		Value:      fmt.Sprintf("%d changes", len(counted)),
		Hint:       "wait, or put several edits into one change",
		RetryAfter: last.At.Add(l.config.Window).Sub(now),
	}}
}
