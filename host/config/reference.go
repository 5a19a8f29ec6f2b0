package config

import (
	"strings"

	"github.com/homeostat/homeostat/host/config/reference"
	"github.com/homeostat/homeostat/host/config/schema"
)

// referenceHead begins docs/configuration.md.
const referenceHead = `# Configuration

<!-- Generated from the structs of host/config. Change them, then run: go test ./host/config -run Reference -update -->

Homeostat reads one TOML file: the one given by ` + "`--config`" + `, else ` + "`./config.toml`" + `, else ` + "`/etc/homeostat/config.toml`" + `.
Every key is optional unless it is called required. An unknown key is an error, and so is a value of the wrong type, unit or
range; ` + "`homeostat config check`" + ` names all of them at once, each with its line.

Durations are strings such as ` + "`\"1h30m\"`" + ` (units ms, s, m, h, d for 24 hours, w for 7 days), percentages such as ` + "`\"90%\"`" + `, sizes such as ` + "`\"256MiB\"`" + `
(units B, KiB, MiB, GiB). Relative paths begin at the folder of the file unless the key says otherwise. A command is an array
of the program and its arguments; no shell is involved.

`

// ReferenceMarkdown returns the text of docs/configuration.md.
func ReferenceMarkdown() string { return referenceHead + reference.Markdown(&Settings{}) }

// ReferenceTOML returns a configuration file with every key, commented out, with its meaning and its default.
func ReferenceTOML() string {
	head := "# Every key of homeostat's configuration. A line that begins with # and a space explains, one that begins with #\n" +
		"# alone is a setting with its default or an example.\n\n"
	return head + reference.Commented(&Settings{})
}

// TOML returns the settings as a file, every default and every path written out.
func (s *Settings) TOML() (string, error) {
	text, err := schema.Write(s)
	return strings.TrimSpace(string(text)) + "\n", err
}

// Tree returns the settings as nested maps and slices, in the form of the file, for JSON.
func (s *Settings) Tree() map[string]any { return schema.Tree(s) }
