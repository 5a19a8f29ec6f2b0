package config

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// once reports a value that was seen before.
func (c *checker) once(where at, value string, seen map[string]at) {
	if first, ok := seen[value]; ok {
		c.wrong(where, fmt.Sprintf("%s is declared already in line %d", value, c.positions.Line(string(first))))
		return
	}
	seen[value] = where
}

func (c *checker) roots() {
	seen := map[string]at{}
	names := c.componentNames()
	for i, root := range c.settings.Roots {
		where := at("root").index(i)
		c.unique(where.key("name"), string(root.Name), seen)
		c.reference(where.key("component"), root.Component, names)
		c.owner(where, root)
		c.rootPath(where.key("path"), root.Path)
		c.apart(i, root)
		c.patterns(where.key("deny"), root.Deny)
		for j, command := range root.Validate {
			if len(command) == 0 {
				c.wrong(where.key("validate").index(j), "is empty")
			}
			c.argv(where.key("validate").index(j), command)
		}
	}
}

// owner checks what a root without component cannot have.
func (c *checker) owner(where at, root Root) {
	if root.Component != "" {
		return
	}
	if root.Confirm == ConfirmHealth || root.Confirm == ConfirmBoth {
		c.wrongWithHint(where.key("confirm"), fmt.Sprintf("%q needs a component whose probes decide", root.Confirm), `name a component, or set confirm = "person" or "none"`)
	}
	if root.Activate != ActivateNone {
		c.wrongWithHint(where.key("activate"), fmt.Sprintf("there is no component to %s", root.Activate), "name a component")
	}
}

// systemFolders hold no files that could be changed and undone.
var systemFolders = []string{"/proc", "/sys", "/dev", "/run"}

func (c *checker) rootPath(where at, folder string) {
	if folder == "/" {
		c.wrong(where, "the whole file system cannot be a root")
	}
	for _, system := range systemFolders {
		if folder != "" && inside(system, folder) {
			c.wrong(where, fmt.Sprintf("%s lies in %s, where nothing can be undone", folder, system))
		}
	}
	if state := c.settings.State.Dir; folder != "" && (inside(folder, state) || inside(state, folder)) {
		c.wrongWithHint(where, fmt.Sprintf("%s and state.dir, %s, lie in one another", folder, state), "move one of them")
	}
}

// apart checks that no file belongs to two roots.
func (c *checker) apart(i int, root Root) {
	for _, other := range c.settings.Roots[:i] {
		if root.Path != "" && other.Path != "" && (inside(root.Path, other.Path) || inside(other.Path, root.Path)) {
			c.wrong(at("root").index(i).key("path"), fmt.Sprintf("%s and root %q, %s, lie in one another", root.Path, other.Name, other.Path))
		}
	}
}

func (c *checker) patterns(where at, patterns []string) {
	for j, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || filepath.IsAbs(pattern) || slices.Contains(strings.Split(pattern, "/"), "..") {
			c.wrong(where.index(j), fmt.Sprintf("%q is not a pattern of paths inside the root", pattern))
		}
	}
}

func (c *checker) plugins() {
	for _, name := range c.settings.Plugins.Names() {
		where := at("plugins").key(name)
		c.named(where, name)
		if _, err := c.settings.Plugins.Named[name].Config.TOML(); err != nil {
			c.wrong(where.key("config"), err.Error())
		}
	}
}

func (c *checker) sandbox() {
	for _, name := range slices.Sorted(maps.Keys(c.settings.Sandbox.Interpreters)) {
		c.named(at("sandbox.interpreters").key(name), name)
	}
}
