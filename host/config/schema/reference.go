package schema

import (
	"fmt"
	"strings"
)

// Markdown returns the reference of the struct that target points to, one section a table.
func Markdown(target any) string {
	var b strings.Builder
	for _, table := range Describe(target) {
		fmt.Fprintf(&b, "## `%s`\n\n%s\n\n", table.Header(Placeholder), table.Doc)
		if len(table.Keys) == 0 {
			continue
		}
		b.WriteString("| key | values | default | meaning |\n|---|---|---|---|\n")
		for _, key := range table.Keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key.Name, cell(key.values()), cell(key.absent()), cell(key.Doc))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// cell keeps a bar inside a cell of a Markdown table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// values says in words what the key takes.
func (k Key) values() string {
	if len(k.OneOf) > 0 {
		text := "`" + strings.Join(k.OneOf, "`, `") + "`"
		if k.Kind == KindStrings {
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
func (k Key) absent() string {
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
	for _, table := range Describe(target) {
		fmt.Fprintf(&b, "# %s\n#%s\n", table.Doc, table.Header(Sample))
		for _, key := range table.Keys {
			fmt.Fprintf(&b, "# %s\n#%s = %s\n", key.remark(), key.Name, key.sample())
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (k Key) remark() string {
	text := k.Doc + " (" + k.plainValues()
	if k.Required {
		text += "; required"
	}
	if k.Otherwise != "" {
		text += "; otherwise " + k.Otherwise
	}
	return text + ")"
}

func (k Key) plainValues() string { return strings.ReplaceAll(k.values(), "`", "") }

// sample is the default where it says something, else the example.
func (k Key) sample() string {
	empty := k.Default == "" || k.Default == `""` || k.Default == "[]" || k.Default == "{}"
	if empty && k.Example != "" {
		return k.Example
	}
	return k.Default
}
