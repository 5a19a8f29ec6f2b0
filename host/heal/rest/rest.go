// Package rest remembers which strategies failed on which component lately and
// are not to be asked about it for a while.
//
// It owns those spans. What ends one early is for the caller. It is pure: time
// comes in as values, and one goroutine uses a Book at a time.
package rest

import "time"

// Book holds rests by component and strategy. Use make.
type Book map[string]map[string]time.Time

// Until keeps a strategy from being asked about a component until then.
func (b Book) Until(component, strategy string, at time.Time) {
	if b[component] == nil {
		b[component] = map[string]time.Time{}
	}
	b[component][strategy] = at
}

// End lets all strategies be asked about the component again.
func (b Book) End(component string) { delete(b, component) }

// Of returns the strategies that rest on a component now, and until when.
func (b Book) Of(component string, now time.Time) map[string]time.Time {
	out := map[string]time.Time{}
	for strategy, until := range b[component] {
		if until.After(now) {
			out[strategy] = until
		}
	}
	return out
}

// All returns all rests that last, by component.
func (b Book) All(now time.Time) map[string]map[string]time.Time {
	out := map[string]map[string]time.Time{}
	for component := range b {
		if resting := b.Of(component, now); len(resting) > 0 {
			out[component] = resting
		}
	}
	return out
}
