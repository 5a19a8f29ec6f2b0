package service

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Declared is one setting that may be tuned, and within what.
type Declared struct {
	// Key is its name in the file, and as a parameter.
	Key  string
	Type string
	// Min, Max, Default and Step are of numbers; Step is the factor by which it may
	// move at once, 0 for any.
	Min, Max, Default, Step int
	// Choices are of a choice, the default first.
	Choices []string
}

// Set is the declared safe set. Each policy in it can evict any key, so that a
// full cache never refuses a write, and the memory is what this host can spare.
func Set() []Declared {
	return []Declared{
		{Key: "maxmemory", Type: "log_int", Min: 8 << 20, Max: 64 << 20, Default: 24 << 20, Step: 8},
		{Key: "maxmemory-policy", Type: "choice", Choices: []string{"allkeys-lru", "allkeys-lfu", "allkeys-random"}},
		{Key: "maxmemory-samples", Type: "int", Min: 1, Max: 10, Default: 5},
		{Key: "hash-max-listpack-entries", Type: "log_int", Min: 64, Max: 8192, Default: 8192},
		{Key: "hz", Type: "int", Min: 10, Max: 100, Default: 10},
	}
}

// Value is the default as it stands in the file.
func (d Declared) Value() string {
	if len(d.Choices) > 0 {
		return d.Choices[0]
	}
	return strconv.Itoa(d.Default)
}

// table is the declaration for config.toml.
func (d Declared) table(file string) string {
	head := fmt.Sprintf("\n[[component.parameter]]\nname = %q\nkey = %[1]q\nfile = %q\nformat = \"words\"\ntype = %q\n", d.Key, file, d.Type)
	if len(d.Choices) > 0 {
		return head + fmt.Sprintf("choices = [\"%s\"]\ndefault = %q\n", strings.Join(d.Choices, `", "`), d.Choices[0])
	}
	head += fmt.Sprintf("min = %d\nmax = %d\ndefault = %d\n", d.Min, d.Max, d.Default)
	if d.Step > 0 {
		head += fmt.Sprintf("max_step = %d\n", d.Step)
	}
	return head
}

// allows says that a value as it stands in a file is in the set.
func (d Declared) allows(value string) bool {
	if len(d.Choices) > 0 {
		return slices.Contains(d.Choices, value)
	}
	n, err := strconv.Atoi(value)
	return err == nil && n >= d.Min && n <= d.Max
}

// Settings are the settings of a file, by key.
type Settings map[string]string

// Defaults are the settings that the service was set up with.
func Defaults() Settings {
	s := Settings{}
	for key, value := range fixed {
		s[key] = value
	}
	for _, d := range Set() {
		s[d.Key] = d.Value()
	}
	return s
}

// fixed are settings in the file that nobody has declared to be tuned.
var fixed = map[string]string{"maxclients": "10000"}

// Outside returns what of the settings is not in the declared set: a value
// beyond it, or another value of a setting that is not to be tuned.
func (s Settings) Outside() []string {
	var out []string
	for _, d := range Set() {
		if !d.allows(s[d.Key]) {
			out = append(out, d.Key+" "+s[d.Key])
		}
	}
	for key, value := range s {
		declared := slices.ContainsFunc(Set(), func(d Declared) bool { return d.Key == key })
		if !declared && fixed[key] != value {
			out = append(out, key+" "+value)
		}
	}
	slices.Sort(out)
	return out
}

// String writes the settings as the file that holds them.
func (s Settings) String() string {
	lines := make([]string, 0, len(s))
	for key, value := range s {
		lines = append(lines, key+" "+value+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// Parse reads a file of settings. Of a key that stands twice the last counts, as
// for redis.
func Parse(text string) Settings {
	s := Settings{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && !strings.HasPrefix(key, "#") {
			s[key] = strings.TrimSpace(value)
		}
	}
	return s
}
