// Package graph answers which component can bring down which.
//
// It owns the dependency graph that depends_on and depending links declare. It
// judges no component. A Graph is immutable and may be shared.
package graph

import (
	"slices"

	"github.com/homeostat/homeostat/sdk"
)

// Graph holds who depends on whom. The zero value has no edges.
type Graph struct {
	needs map[string][]string // component → what it depends on
	feeds map[string][]string // component → what depends on it
}

// New builds a graph from the declared dependencies of each component and from
// the links that say that From depends on To. Cycles are allowed and harmless.
func New(dependsOn map[string][]string, links []sdk.Link) Graph {
	g := Graph{needs: map[string][]string{}, feeds: map[string][]string{}}
	for from, tos := range dependsOn {
		for _, to := range tos {
			g.add(from, to)
		}
	}
	for _, l := range links {
		if l.Depends {
			g.add(l.From, l.To)
		}
	}
	for name := range g.feeds {
		slices.Sort(g.feeds[name])
	}
	for name := range g.needs {
		slices.Sort(g.needs[name])
	}
	return g
}

func (g Graph) add(from, to string) {
	if from == to || slices.Contains(g.needs[from], to) {
		return
	}
	g.needs[from] = append(g.needs[from], to)
	g.feeds[to] = append(g.feeds[to], from)
}

// Dependencies returns all that the component depends on, directly or not, the
// nearest first.
func (g Graph) Dependencies(component string) []string { return walk(g.needs, component) }

// Dependents returns all that depend on the component, the nearest first.
func (g Graph) Dependents(component string) []string { return walk(g.feeds, component) }

// DependsOn reports whether a depends on b, directly or not.
func (g Graph) DependsOn(a, b string) bool { return slices.Contains(g.Dependencies(a), b) }

// Cause returns the failing component that explains the given one: the deepest
// failing dependency that has no failing dependency itself, or the component.
func (g Graph) Cause(component string, failing func(string) bool) string {
	cause := component
	seen := map[string]bool{component: true}
	for {
		next := g.nextFailing(cause, failing, seen)
		if next == "" {
			return cause
		}
		seen[next] = true
		cause = next
	}
}

// nextFailing looks through all dependencies, because a healthy looking one in
// between may only pass on what it gets.
func (g Graph) nextFailing(from string, failing func(string) bool, seen map[string]bool) string {
	for _, dep := range g.Dependencies(from) {
		if !seen[dep] && failing(dep) {
			return dep
		}
	}
	return ""
}

func walk(edges map[string][]string, from string) []string {
	seen := map[string]bool{from: true}
	var out []string
	for queue := edges[from]; len(queue) > 0; {
		name := queue[0]
		queue = queue[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		out = append(out, name)
		queue = append(slices.Clone(queue), edges[name]...)
	}
	return out
}
