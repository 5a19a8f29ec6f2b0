package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/config/form"
)

func (c *checker) componentNames() []string {
	names := make([]string, len(c.settings.Components))
	for i, component := range c.settings.Components {
		names[i] = string(component.Name)
	}
	return names
}

func (c *checker) components() {
	seen := map[string]at{}
	names := c.componentNames()
	for i, component := range c.settings.Components {
		where := at("component").index(i)
		c.unique(where.key("name"), string(component.Name), seen)
		c.kind(where, component)
		c.user(where.key("user"), component.User)
		c.commands(where, component)
		c.environment(where.key("env"), component.Env)
		for j, name := range component.DependsOn {
			c.reference(where.key("depends_on").index(j), name, names)
		}
		c.model(where.key("model"), component.Model)
		c.probes(where, component.Probes)
		c.parameters(where, component)
		c.forbidden(where, component)
	}
}

// model checks that what is said of a model has one.
func (c *checker) model(where at, m Model) {
	for key, given := range map[string]bool{"sha256": m.SHA256 != "", "replay": m.Replay != ""} {
		if given && m.Module == "" {
			c.wrong(where.key(key), "needs module as well")
		}
	}
}

// kind checks that the key that finds the processes is there, and the keys of other kinds are not.
func (c *checker) kind(where at, component Component) {
	given := map[string]bool{
		"command": len(component.Command) > 0, "pidfile": component.Pidfile != "",
		"match": component.Match != "", "unit": component.Unit != "",
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		switch needed := key == string(component.Kind); {
		case needed && !given[key] && !c.given(where.key(key)):
			c.wrong(where.key(key), fmt.Sprintf("is required for kind %q", component.Kind))
		case needed && !given[key] && key == "command":
			c.wrong(where.key(key), "is empty")
		case !needed && given[key]:
			c.wrongWithHint(where.key(key), fmt.Sprintf("is for kind %q, this one is of kind %q", key, component.Kind), kindHint(key))
		}
	}
	if component.Kind == KindUnit && !c.host.Systemd {
		c.wrongWithHint(where.key("kind"), "systemd is not process 1 here, so there are no units", "use kind command, pidfile or match")
	}
	if component.Kind == KindCommand && len(component.StartCommand) > 0 {
		c.wrong(where.key("start_command"), "kind \"command\" starts its command itself")
	}
	if component.OnExit == "stop" && component.Kind != KindCommand {
		c.wrong(where.key("on_exit"), fmt.Sprintf("only kind \"command\" can end with the daemon, not %q", component.Kind))
	}
}

func kindHint(key string) string {
	if key == "command" {
		return "a command that starts it goes into start_command"
	}
	return ""
}

func (c *checker) user(where at, name string) {
	switch {
	case name == "" || name == c.host.User:
	case !c.host.Root:
		c.wrongWithHint(where, fmt.Sprintf("running as %q needs root", name), "start homeostat as root or leave the key out")
	case c.host.HasUser != nil && !c.host.HasUser(name):
		c.wrong(where, fmt.Sprintf("there is no user %q on this host", name))
	}
}

func (c *checker) commands(where at, component Component) {
	c.argv(where.key("command"), component.Command)
	c.argv(where.key("start_command"), component.StartCommand)
	c.argv(where.key("stop_command"), component.StopCommand)
	c.argv(where.key("restart_command"), component.RestartCommand)
	c.argv(where.key("reload_command"), component.ReloadCommand)
	for _, name := range slices.Sorted(maps.Keys(component.Declared)) {
		declared, here := component.Declared[name], where.key("declared").key(name)
		c.named(here, name)
		if len(declared.Command) == 0 && c.given(here.key("command")) {
			c.wrong(here.key("command"), "is empty")
		}
		c.argv(here.key("command"), declared.Command)
		c.argv(here.key("undo"), declared.Undo)
	}
}

// named checks a name that is written as a key.
func (c *checker) named(where at, name string) {
	if err := new(form.Name).UnmarshalText([]byte(name)); err != nil {
		c.wrong(where, err.Error())
	}
}

func (c *checker) environment(where at, env map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(env)) {
		if key == "" || strings.ContainsAny(key, "=\x00") || strings.ContainsRune(env[key], 0) {
			c.wrong(where.key(key), "not a variable: its name is empty or holds =, or there is a zero byte")
		}
	}
}

// dependencies reports each cycle of depends_on once, at the component of the cycle that comes first in the file.
func (c *checker) dependencies() {
	index := map[string]int{}
	for i, name := range c.componentNames() {
		index[name] = i
	}
	state := make([]visit, len(c.settings.Components))
	for i := range c.settings.Components {
		c.follow(i, walk{index: index, state: state})
	}
}

type visit int

const (
	unvisited visit = iota
	open
	done
)

// walk is one depth-first walk along depends_on; trail holds the components that are open, the first one first.
type walk struct {
	index map[string]int
	state []visit
	trail []int
}

func (c *checker) follow(i int, w walk) {
	if w.state[i] == done {
		return
	}
	if w.state[i] == open {
		c.cycle(w.trail[slices.Index(w.trail, i):])
		return
	}
	w.state[i] = open
	w.trail = append(w.trail, i)
	for _, name := range c.settings.Components[i].DependsOn {
		if next, ok := w.index[name]; ok {
			c.follow(next, w)
		}
	}
	w.state[i] = done
}

func (c *checker) cycle(members []int) {
	names := make([]string, 0, len(members)+1)
	for _, i := range members {
		names = append(names, string(c.settings.Components[i].Name))
	}
	names = append(names, names[0])
	c.wrong(at("component").index(members[0]).key("depends_on"), "depends on itself: "+strings.Join(names, " → "))
}
