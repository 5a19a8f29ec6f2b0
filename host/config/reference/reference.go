// Package reference prints what the tags of a configuration's structs say, as Markdown and as a commented file. It is pure.
package reference

import (
	"fmt"
	"strings"

	"github.com/homeostat/homeostat/host/config/schema"
)

// Markdown returns the reference of the struct that target points to, one section a table.
func Markdown(target any) string {
	var b strings.Builder
	for _, table := range schema.Describe(target) {
		fmt.Fprintf(&b, "## `%s`\n\n%s\n\n", table.Header(schema.Placeholder), table.Doc)
		if len(table.Keys) == 0 {
			continue
		}
		b.WriteString("| key | values | default | meaning |\n|---|---|---|---|\n")
		for _, key := range table.Keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key.Name, cell(values(key)), cell(absent(key)), cell(key.Doc))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// cell keeps a bar inside a cell of a Markdown table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// values says in words what the key takes.
func values(k schema.Key) string {
	if len(k.OneOf) > 0 {
		text := "`" + strings.Join(k.OneOf, "`, `") + "`"
		if k.Kind == schema.KindStrings {
			return "any of " + text
		}
		return text
	}
	text := k.Noun
	switch {
	case k.Min != "" && k.Max != "":
		return fmt.Sprintf("%s, %s to %s", text, k.Min, k.Max)
	case k.Min != "":
		return fmt.Sprintf("%s, %s or more", text, k.Min)
	}
	return text
}

// absent says what a missing key means.
func absent(k schema.Key) string {
	switch {
	case k.Required:
		return "required"
	case k.Otherwise != "":
		return k.Otherwise
	case k.Default == "" || k.Default == `""` || k.Default == "[]" || k.Default == "{}":
		return "none"
	}
	return "`" + k.Default + "`"
}

// Commented returns a file with every table and key, each key commented out with "#" directly before it and its meaning
// above. Taking those marks away gives a configuration that is valid but for references to other tables.
func Commented(target any) string {
	var b strings.Builder
	for _, table := range schema.Describe(target) {
		fmt.Fprintf(&b, "# %s\n#%s\n", table.Doc, table.Header(schema.Sample))
		for _, key := range table.Keys {
			fmt.Fprintf(&b, "# %s\n#%s = %s\n", remark(key), key.Name, sample(key))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func remark(k schema.Key) string {
	text := k.Doc + " (" + plainValues(k)
	if k.Required {
		text += "; required"
	}
	if k.Otherwise != "" {
		text += "; otherwise " + k.Otherwise
	}
	return text + ")"
}

func plainValues(k schema.Key) string { return strings.ReplaceAll(values(k), "`", "") }

// sample is the default where it says something, else the example.
func sample(k schema.Key) string {
	empty := k.Default == "" || k.Default == `""` || k.Default == "[]" || k.Default == "{}"
	if empty && k.Example != "" {
		return k.Example
	}
	return k.Default
}
