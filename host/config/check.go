package config

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/config/position"
	"github.com/homeostat/homeostat/host/config/schema"
)

// checker finds what is wrong between keys. Whatever a key alone can tell was found before, by the schema.
type checker struct {
	settings  *Settings
	host      Host
	positions position.Index
	problems  []schema.Problem
	warnings  []schema.Problem
}

// at is the path of a table or key in the file.
type at string

func (a at) key(name string) at { return at(position.Key(string(a), name)) }
func (a at) index(i int) at     { return at(position.Element(string(a), i)) }

// wrong reports one problem at a key, unless the key is known to be wrong already: what a value says that could not be read
// is no help.
func (c *checker) wrong(where at, text string) { c.wrongWithHint(where, text, "") }

func (c *checker) wrongWithHint(where at, text, hint string) {
	path := string(where)
	if c.reported(path) {
		return
	}
	c.problems = append(c.problems, schema.Problem{Line: c.positions.Line(path), Path: path, Text: text, Hint: hint})
}

// reported says whether a key is already known to be wrong.
func (c *checker) reported(path string) bool {
	return slices.ContainsFunc(c.problems, func(p schema.Problem) bool { return p.Path == path })
}

func (c *checker) sorted() []schema.Problem {
	slices.SortStableFunc(c.problems, func(a, b schema.Problem) int { return a.Line - b.Line })
	return c.problems
}

// given reports whether a key is written in the file.
func (c *checker) given(where at) bool { return c.positions.Has(string(where)) }

func (c *checker) all() {
	c.services()
	c.components()
	c.dependencies()
	c.links()
	c.roots()
	c.plugins()
	c.ladders()
	c.sandbox()
}

// services checks the tables of the daemon itself.
func (c *checker) services() {
	s := c.settings
	c.bothOrNone("dashboard", [2]string{"tls_cert", "tls_key"}, [2]bool{s.Dashboard.TLSCert != "", s.Dashboard.TLSKey != ""})
	// sun_path of unix(7) has 108 bytes, the last one is zero.
	const longestSocket = 107
	if n := len(s.Socket.Path); n > longestSocket {
		c.wrong("socket.path", fmt.Sprintf("%q has %d bytes, a socket's path at most %d", s.Socket.Path, n, longestSocket))
	}
	if s.State.Dir == "/" {
		c.wrong("state.dir", "the folder is / itself; give one of the daemon's own")
	}
	c.argv("generator.command", s.Generator.Command)
	if s.Notify.Webhook != "" && s.Notify.Format == "homeostat" && s.Notify.SecretFile == "" {
		c.wrongWithHint("notify.webhook", "needs secret_file as well, for messages are signed", "`homeostat notify secret FILE` makes one")
	}
	c.alerts()
}

// severities are the words for how bad something is.
var severities = []string{"low", "medium", "high", "critical"}

// alerts checks that the table [alerts] leads to what there is.
func (c *checker) alerts() {
	var known []string
	for _, component := range c.settings.Components {
		known = append(known, string(component.Name))
	}
	const table at = "alerts.components"
	for _, value := range slices.Sorted(maps.Keys(c.settings.Alerts.Components)) {
		if name := c.settings.Alerts.Components[value]; name != "host" {
			c.reference(table.key(value), name, known)
		}
	}
	const grades at = "alerts.severities"
	for _, word := range slices.Sorted(maps.Keys(c.settings.Alerts.Severities)) {
		if name := c.settings.Alerts.Severities[word]; !slices.Contains(severities, name) {
			c.wrongWithHint(grades.key(word), fmt.Sprintf("%q is no severity", name), "want low, medium, high or critical")
		}
	}
	for i, label := range c.settings.Alerts.Labels {
		if label == "" {
			c.wrong(at("alerts.labels").index(i), "is empty")
		}
	}
	c.alertNames()
}

// alertNames checks the patterns of alerts that say "down".
func (c *checker) alertNames() {
	for i, pattern := range c.settings.Alerts.Down {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			c.wrongWithHint(at("alerts.down").index(i), fmt.Sprintf("%q is no pattern", pattern), `write the name of an alert, with * for any rest, as in "*Down"`)
		}
	}
}

// bothOrNone reports where one of two keys is given without the other.
func (c *checker) bothOrNone(table at, keys [2]string, given [2]bool) {
	for i, key := range keys {
		if other := 1 - i; given[i] && !given[other] {
			c.wrong(table.key(key), "needs "+keys[other]+" as well")
		}
	}
}

// argv checks a command that is given.
func (c *checker) argv(where at, command []string) {
	if len(command) == 0 {
		return
	}
	if command[0] == "" {
		c.wrong(where, "the name of the program is empty")
	}
	for _, arg := range command {
		if strings.ContainsRune(arg, 0) {
			c.wrong(where, "an argument holds a zero byte")
		}
	}
}

// reference checks that name, written at where, is one of known.
func (c *checker) reference(where at, name string, known []string) {
	if name != "" && !slices.Contains(known, name) {
		c.wrongWithHint(where, fmt.Sprintf("there is no component %q", name), schema.DidYouMean(name, known))
	}
}

// reservedNames are components and roots that homeostat itself provides.
var reservedNames = []string{"host", "self"}

// unique checks that a name is not reserved and was not used before; seen maps names to where they were used.
func (c *checker) unique(where at, name string, seen map[string]at) {
	if slices.Contains(reservedNames, name) {
		c.wrong(where, fmt.Sprintf("%q is reserved", name))
	}
	if first, ok := seen[name]; ok && name != "" {
		c.wrong(where, fmt.Sprintf("%q is used already in line %d", name, c.positions.Line(string(first))))
	}
	seen[name] = where
}

// inside reports whether path is folder or lies beneath it. Both are absolute.
func inside(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}
