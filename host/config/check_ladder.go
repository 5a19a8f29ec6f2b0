package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/homeostat/homeostat/host/config/schema"
)

// handOver is the rung that the host has built in.
const handOver = "hand_over"

// ladders checks the orders of strategies, and what in them is never done
// without a person.
func (c *checker) ladders() {
	healing := at("healing")
	c.ladder(healing.key("ladder"), c.settings.Healing.Ladder)
	if s := c.settings.Healing.Storm; s.Host < s.Component && s.Host > 0 {
		c.wrong(healing.key("storm").key("component"), fmt.Sprintf("%d for one component is more than %d for the host", s.Component, s.Host))
	}
	c.experiment(healing.key("experiment"))
	for i, component := range c.settings.Components {
		where := at("component").index(i)
		c.ladder(where.key("ladder"), component.Ladder)
		if c.automated(component) {
			c.irreversible(where, component)
		}
	}
}

func (c *checker) ladder(where at, names []string) {
	known := c.strategies()
	seen := map[string]bool{}
	for i, name := range names {
		here := where.index(i)
		plugin, there := c.settings.Plugins.Named[name]
		switch {
		case seen[name]:
			c.wrong(here, fmt.Sprintf("%q is named already", name))
		case name == handOver && i < len(names)-1:
			c.wrong(here, "a person comes last: what follows would never be asked")
		case name == handOver:
		case there && plugin.Kind == PluginDetector:
			c.wrong(here, fmt.Sprintf("%q is a detector, not a strategy", name))
		case !there:
			c.wrongWithHint(here, fmt.Sprintf("there is no strategy %q: it needs a table [plugins.%s]", name, name), schema.DidYouMean(name, known))
		}
		seen[name] = true
	}
}

// strategies lists what may be named in a ladder.
func (c *checker) strategies() []string {
	names := []string{handOver}
	for _, name := range c.settings.Plugins.Names() {
		if c.settings.Plugins.Named[name].Kind == PluginStrategy {
			names = append(names, name)
		}
	}
	return names
}

// automated reports whether recoveries of the component are meant to be done
// unasked.
func (c *checker) automated(component Component) bool {
	daemon := c.settings.Healing.Mode
	if component.Mode == ModeAutomated {
		return daemon == ModeAutomated || component.ModeWins
	}
	return component.Mode == "" && daemon == ModeAutomated
}

// irreversible says which declared commands need a person even so.
func (c *checker) irreversible(where at, component Component) {
	for _, name := range slices.Sorted(maps.Keys(component.Declared)) {
		if len(component.Declared[name].Undo) > 0 {
			continue
		}
		here := where.key("declared").key(name)
		c.warnings = append(c.warnings, schema.Problem{
			Line: c.positions.Line(string(here)), Path: string(here),
			Text: "has no undo, so a person is asked before it is run, in mode automated as well",
			Hint: "give it an undo if it has one",
		})
	}
}
