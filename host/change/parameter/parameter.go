// Package parameter reads and replaces one value in the text of a configuration file, and leaves every other byte as it
// is: comments, order and spaces belong to the person who wrote them.
//
// It knows TOML, JSON, YAML, INI, files of environment variables, and lines of words such as those of nginx, redis and
// sshd. What it writes it reads again: an edit that would change another value, or the type of this one, is refused. It
// adds no key that is not there, and it touches only values that stand on one line. Its functions are pure.
package parameter

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/homeostat/homeostat/host/filekind"
)

// ErrNoKey matches the error of a file that does not give the key.
var ErrNoKey = errors.New("the file has no such key")

// Format says how a file is written.
type Format string

// The formats. Lines stands for INI or words, whichever has the key; it is for files of which the name tells nothing.
const (
	TOML  Format = "toml"
	JSON  Format = "json"
	YAML  Format = "yaml"
	INI   Format = "ini"   // name = value below [section]; also units of systemd
	Env   Format = "env"   // NAME=value, as for a shell
	Words Format = "words" // name value, within { } or not: nginx, redis, sshd
	Lines Format = "lines"
)

// formats are those of files that filekind knows.
var formats = map[filekind.Kind]Format{
	filekind.TOML: TOML, filekind.JSON: JSON, filekind.YAML: YAML, filekind.INI: INI, filekind.Unit: INI,
	filekind.Nginx: Words, filekind.SSHD: Words, filekind.Other: Lines,
}

// endings are formats of files that filekind takes for others.
var endings = map[string]Format{".cfg": INI, ".cnf": INI, ".properties": INI, ".env": Env}

// FormatOf tells the format by the file's name, or that such a file is none whose values can be replaced.
func FormatOf(file string) (Format, error) {
	if format, ok := endings[strings.ToLower(path.Ext(file))]; ok {
		return format, nil
	}
	if strings.HasSuffix(file, ".xml") {
		return "", fmt.Errorf("%s: values in XML cannot be replaced", file)
	}
	if folder := path.Base(path.Dir(file)); folder == "default" || folder == "sysconfig" {
		return Env, nil // /etc/default and /etc/sysconfig
	}
	kind := filekind.Of(file, nil)
	format, ok := formats[kind]
	if !ok {
		return "", fmt.Errorf("%s: values in a file of kind %s cannot be replaced", file, kind)
	}
	return format, nil
}

// leaf is one value of a file.
type leaf struct {
	// key has the names on the way to the value, joined by dots.
	key string
	// text is the value without quotes, kind its type where the format has types.
	text string
	kind kind
	// begin and end are where it stands, quotes included; both are zero where it cannot be replaced.
	begin, end int
}

// kind is the type of a value.
type kind string

// The types. Files of lines have texts alone.
const (
	text    kind = "text"
	whole   kind = "whole number"
	decimal kind = "number"
	truth   kind = "truth value"
	other   kind = "another value"
)

var readers = map[Format]func(string) ([]leaf, error){
	TOML: tomlLeaves, JSON: jsonLeaves, YAML: yamlLeaves, INI: iniLeaves, Env: envLeaves, Words: wordLeaves, Lines: lineLeaves,
}

// bounds are the kinds whose limits hold for what a format's parser is given.
var bounds = map[Format]filekind.Kind{TOML: filekind.TOML, JSON: filekind.JSON, YAML: filekind.YAML}

// leaves reads a whole text.
func leaves(f Format, content string) ([]leaf, error) {
	read, ok := readers[f]
	if !ok {
		return nil, fmt.Errorf("format %q is not known", f)
	}
	if !filekind.Bounded(bounds[f], content) {
		return nil, errors.New("the file is too large or too deep to be read safely")
	}
	list, err := read(content)
	if err != nil {
		return nil, fmt.Errorf("it is not readable as %s: %w", f, err)
	}
	return list, nil
}

// Value returns the value of a dotted key, such as "server.workers", without quotes.
func Value(f Format, content, key string) (string, error) {
	list, err := leaves(f, content)
	if err != nil {
		return "", err
	}
	i, err := find(list, key)
	if err != nil {
		return "", err
	}
	return list[i].text, nil
}

// Set replaces the value of a dotted key. A value that was quoted stays quoted, and a number stays a number.
func Set(f Format, content, key, value string) (string, error) {
	before, err := leaves(f, content)
	if err != nil {
		return "", err
	}
	i, err := find(before, key)
	if err != nil {
		return "", err
	}
	written, err := write(f, content[before[i].begin:before[i].end], value)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	if before[i].kind == decimal && f != JSON && wholeForm.MatchString(written) {
		written += ".0" // 1 would be of another type than 0.5
	}
	out := content[:before[i].begin] + written + content[before[i].end:]
	after, err := leaves(f, out)
	if err != nil {
		return "", fmt.Errorf("%s: with the value %q %w", key, value, err)
	}
	if err := onlyChange(before, after, i); err != nil {
		return "", fmt.Errorf("%s: the value %q cannot be set: %w", key, value, err)
	}
	if !reads(after[i], value) {
		return "", fmt.Errorf("%s: the value %q would be read as %q", key, value, after[i].text)
	}
	return out, nil
}

var wholeForm = regexp.MustCompile(`^-?[0-9]+$`)

// find looks for the one value that the key names. A key that is given twice is refused: nobody knows which one counts.
func find(list []leaf, key string) (int, error) {
	named := func(l leaf) bool { return l.key == key }
	first := slices.IndexFunc(list, named)
	switch {
	case first < 0:
		return 0, fmt.Errorf("%s: %w", key, ErrNoKey)
	case slices.ContainsFunc(list[first+1:], named):
		return 0, fmt.Errorf("%s: several lines give it, and nobody knows which one counts", key)
	case list[first].kind == other:
		return 0, fmt.Errorf("%s: it is no plain value: want one number, text or truth value", key)
	case list[first].end == 0:
		return 0, fmt.Errorf("%s: it does not stand on a line of its own, so it is not touched", key)
	}
	return first, nil
}

var (
	plain  = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,-]+$`)
	quoted = regexp.MustCompile("^[^\"'\\\\$`{}\\x00-\\x1f\\x7f]*$")
)

// write returns the value as it is to stand in place of old.
func write(f Format, old, value string) (string, error) {
	quote := ""
	if old != "" && strings.ContainsAny(old[:1], `"'`) {
		quote = old[:1]
	}
	if quote == "" && !plain.MatchString(value) || !quoted.MatchString(value) || !utf8.ValidString(value) {
		return "", fmt.Errorf("the value %q cannot be written as %s without escapes", value, f)
	}
	return quote + value + quote, nil
}

// onlyChange compares all values of a file before and after an edit of the one at i.
func onlyChange(before, after []leaf, i int) error {
	if len(before) != len(after) {
		return errors.New("another number of values would be read")
	}
	for n, b := range before {
		a := after[n]
		switch {
		case a.key != b.key || n != i && (a.text != b.text || a.kind != b.kind):
			return fmt.Errorf("%s would change as well", b.key)
		case a.kind != b.kind && !(numeric(a.kind) && numeric(b.kind)):
			return fmt.Errorf("it is a %s, and would be read as a %s", b.kind, a.kind)
		}
	}
	return nil
}

// numeric says that the type is a number. In JSON one type holds all of them.
func numeric(k kind) bool { return k == whole || k == decimal }

// reads says that a value is what was to be written, numbers by what they mean.
func reads(l leaf, value string) bool {
	if !numeric(l.kind) {
		return l.text == value
	}
	is, errIs := strconv.ParseFloat(strings.ReplaceAll(l.text, "_", ""), 64)
	want, errWant := strconv.ParseFloat(value, 64)
	return errIs == nil && errWant == nil && is == want
}
