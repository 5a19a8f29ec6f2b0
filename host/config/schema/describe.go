package schema

import (
	"reflect"
	"strings"
)

// Shape says how often a table may be written.
type Shape int

// The shapes of tables: once, as [[array]], or once under each of several names.
const (
	Single Shape = iota
	Repeated
	Named
)

// Step is one part of the way to a table. For a Named table Name is the free part, and Example a name to show.
type Step struct {
	Name    string
	Shape   Shape
	Example string
}

// Table is one table of a configuration as the tags describe it.
type Table struct {
	Steps []Step
	Doc   string
	Keys  []Key
}

// Key is one key of a table as the tags describe it.
type Key struct {
	Name string
	Kind Kind
	Doc  string
	// Noun names the values for people.
	Noun string
	// Default and Example are TOML; Default is empty where the key is required or absent means none.
	Default, Example string
	// Otherwise says in words what an absent key means where Default cannot.
	Otherwise string
	// Min and Max are written as in the text, without quotes.
	Min, Max string
	OneOf    []string
	Required bool
}

// Header returns the line that begins the table in a file, with the word NAME, or an example, for a free part.
func (t Table) Header(free func(Step) string) string {
	names := make([]string, len(t.Steps))
	for i, s := range t.Steps {
		names[i] = s.Name
		if s.Shape == Named {
			names[i] = free(s)
		}
	}
	header := "[" + strings.Join(names, ".") + "]"
	if len(t.Steps) > 0 && t.Steps[len(t.Steps)-1].Shape == Repeated {
		return "[" + header + "]"
	}
	return header
}

// Placeholder returns the free part of a header as a word in capitals.
func Placeholder(s Step) string { return s.Name }

// Sample returns the free part of a header as a name that could be used.
func Sample(s Step) string { return s.Example }

// Describe returns every table of the struct that target points to, in the order of the source, outer ones first.
func Describe(target any) []Table {
	return describe(reflect.TypeOf(target).Elem(), nil, "")
}

func describe(t reflect.Type, steps []Step, doc string) []Table {
	table := Table{Steps: steps, Doc: doc}
	var inner []Table
	for _, f := range fields(t) {
		switch f.kind {
		case KindTable:
			inner = append(inner, describe(f.typ, extend(steps, Step{Name: f.key}), f.doc)...)
		case KindTables:
			inner = append(inner, describe(f.typ.Elem(), extend(steps, Step{Name: f.key, Shape: Repeated}), f.doc)...)
		case KindNamed:
			inner = append(inner, describe(f.typ.Elem(), extend(steps, namedSteps(f)...), f.doc)...)
		case KindRaw:
			inner = append(inner, Table{Steps: extend(steps, Step{Name: f.key}), Doc: f.doc})
		default:
			table.Keys = append(table.Keys, describeKey(f))
		}
	}
	if len(table.Keys) > 0 {
		return append([]Table{table}, inner...)
	}
	return inner
}

// extend copies, so that siblings never share an array.
func extend(steps []Step, more ...Step) []Step {
	return append(append([]Step{}, steps...), more...)
}

func namedSteps(f field) []Step {
	free := Step{Name: "NAME", Shape: Named, Example: f.place}
	if f.key == "*" {
		return []Step{free}
	}
	return []Step{{Name: f.key}, free}
}

func describeKey(f field) Key {
	key := Key{
		Name: f.key, Kind: f.kind, Noun: f.noun(), Doc: f.doc, Example: f.example, Otherwise: f.otherwise,
		Min: f.min, Max: f.max, OneOf: f.oneof, Required: f.required,
	}
	if f.required || f.kind == KindScalar || f.kind == KindNumber {
		return key
	}
	value := reflect.New(f.typ).Elem()
	if f.fallback == "" && isStringKind(f.kind) {
		key.Default = `""`
		return key
	}
	if f.fallback != "" {
		setFromTag(value, f, f.fallback)
	}
	key.Default = literal(value, f)
	return key
}
