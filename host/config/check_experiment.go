package config

import (
	"fmt"
	"slices"

	"github.com/homeostat/homeostat/host/config/form"
	"github.com/homeostat/homeostat/host/config/schema"
)

// The ends of the share of an experiment: a strategy that is rarely drawn would be
// known too badly.
const leastShare, mostShare = form.Percent(5), form.Percent(95)

// experiment checks the two strategies that chance decides between.
func (c *checker) experiment(where at) {
	e := c.settings.Healing.Experiment
	if e.Share < leastShare || e.Share > mostShare {
		c.wrong(where.key("share"), fmt.Sprintf("%v is not between %v and %v: both strategies have to be drawn now and then", e.Share, leastShare, mostShare))
	}
	for i, name := range e.Components {
		c.reference(where.key("components").index(i), name, c.names())
	}
	names := where.key("strategies")
	switch len(e.Strategies) {
	case 0, 2:
	default:
		c.wrong(names, fmt.Sprintf("names %d strategies, an experiment has two", len(e.Strategies)))
		return
	}
	c.contestants(names, e.Strategies)
}

// contestants checks each of the two.
func (c *checker) contestants(where at, names []string) {
	ladders := [][]string{c.settings.Healing.Ladder}
	for _, component := range c.settings.Components {
		if len(component.Ladder) > 0 {
			ladders = append(ladders, component.Ladder)
		}
	}
	for i, name := range names {
		here := where.index(i)
		plugin, there := c.settings.Plugins.Named[name]
		switch {
		case name == handOver:
			c.wrong(here, "a person is no strategy that could be drawn: what a person does cannot be undone by the host")
		case i == 1 && name == names[0]:
			c.wrong(here, fmt.Sprintf("%q is named already: an experiment compares two", name))
		case there && plugin.Kind == PluginDetector:
			c.wrong(here, fmt.Sprintf("%q is a detector, not a strategy", name))
		case !there:
			c.wrongWithHint(here, fmt.Sprintf("there is no strategy %q: it needs a table [plugins.%s]", name, name), schema.DidYouMean(name, c.strategies()))
		case !slices.ContainsFunc(ladders, func(l []string) bool { return len(l) == 0 || slices.Contains(l, name) }):
			c.wrong(here, fmt.Sprintf("%q is on no ladder, so it is never asked", name))
		}
	}
}

// names lists the components.
func (c *checker) names() []string {
	var names []string
	for _, component := range c.settings.Components {
		names = append(names, string(component.Name))
	}
	return names
}
