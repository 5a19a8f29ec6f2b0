package view

import (
	"fmt"
	"path"
	"strings"
)

// DefaultDeny lists what no check needs and every intruder wants: private keys,
// password stores and version control internals. It is the default of the command
// line; a root's own deny list is added to it.
var DefaultDeny = []string{
	"**/.ssh/**", "**/.gnupg/**", "**/.aws/**", "**/.git/**",
	"**/*.key", "**/id_rsa", "**/id_ed25519", "**/id_ecdsa",
	"**/.env", "**/.netrc", "**/.pgpass", "**/.htpasswd",
	"**/shadow", "**/shadow-", "**/gshadow", "**/gshadow-",
}

// deny holds globs split at slashes. "**" stands for any number of folders, and a
// glob that ends in "/**" covers the folder itself as well: a hidden folder whose
// name shows is half hidden.
type deny [][]string

func checkGlobs(globs []string) error {
	for _, g := range globs {
		for _, part := range strings.Split(g, "/") {
			if _, err := path.Match(part, "x"); err != nil {
				return fmt.Errorf("deny list: %q is no valid glob: %w", g, err)
			}
		}
	}
	return nil
}

func newDeny(globs []string) deny {
	var d deny
	for _, g := range globs {
		parts := strings.Split(strings.Trim(g, "/"), "/")
		for len(parts) > 1 && parts[len(parts)-1] == "**" {
			parts = parts[:len(parts)-1]
		}
		d = append(d, parts)
	}
	return d
}

// Denied reports whether globs hide the path p (relative, with slashes), itself
// or through a folder above it.
func Denied(globs []string, p string) bool {
	d := newDeny(globs)
	for _, dir := range append(parents(p), p) {
		if d.hides(dir) {
			return true
		}
	}
	return false
}

// hides reports whether p itself is denied. The resolver asks for every folder on
// the way, so what lies beneath a denied folder is never reached.
func (d deny) hides(p string) bool {
	name := strings.Split(p, "/")
	for _, glob := range d {
		if matches(glob, name) {
			return true
		}
	}
	return false
}

// matches follows all ways through the glob at once: reach[i] tells that the parts so
// far can stand for the first i names. Trying one way after the other would take
// exponential time for a glob with many "**".
func matches(glob, name []string) bool {
	reach := make([]bool, len(name)+1)
	reach[0] = true
	for _, part := range glob {
		next := make([]bool, len(name)+1)
		for i, from := range reach {
			switch {
			case part == "**":
				next[i] = from || (i > 0 && next[i-1])
			case from && i < len(name):
				ok, err := path.Match(part, name[i])
				next[i+1] = err == nil && ok
			}
		}
		reach = next
	}
	return reach[len(name)]
}
