package schema

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"

	"github.com/homeostat/homeostat/host/config/position"
)

// decoder binds one parsed text to a struct and collects what is wrong.
type decoder struct {
	positions position.Index
	problems  []Problem
}

func (d *decoder) report(path, text, hint string) {
	d.problems = append(d.problems, Problem{Line: d.positions.Line(path), Path: path, Text: text, Hint: hint})
}

// table binds the keys of tree to the fields of target.
func (d *decoder) table(path string, tree map[string]any, target reflect.Value) {
	list := fields(target.Type())
	known := map[string]bool{}
	var rest *field
	for i, f := range list {
		if f.key == "*" {
			rest = &list[i]
			continue
		}
		known[f.key] = true
		d.key(position.Key(path, f.key), tree, target.Field(f.index), f)
	}
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		if !known[key] {
			d.other(position.Key(path, key), key, tree[key], otherKey{rest: rest, known: known, table: target})
		}
	}
}

// key binds one known key, which may be absent.
func (d *decoder) key(path string, tree map[string]any, target reflect.Value, f field) {
	raw, ok := tree[f.key]
	switch {
	case ok:
		d.value(path, raw, target, f)
	case f.required:
		d.report(path, "is required", "")
	case f.kind == KindTable:
		d.table(path, nil, target)
	}
}

// otherKey is what is known of a table when one of its keys matches no field.
type otherKey struct {
	rest  *field
	known map[string]bool
	table reflect.Value
}

// other binds a key that no field names: it belongs to the collecting map, or it is unknown.
func (d *decoder) other(path, key string, raw any, at otherKey) {
	sub, isTable := raw.(map[string]any)
	if at.rest == nil || !isTable {
		d.report(path, "unknown key", DidYouMean(key, slices.Sorted(maps.Keys(at.known))))
		return
	}
	named := at.table.Field(at.rest.index)
	d.named(path, key, sub, named)
}

// named binds one table of a map of tables.
func (d *decoder) named(path, key string, sub map[string]any, into reflect.Value) {
	if into.IsNil() {
		into.Set(reflect.MakeMap(into.Type()))
	}
	elem := reflect.New(into.Type().Elem()).Elem()
	applyDefaults(elem)
	d.table(path, sub, elem)
	into.SetMapIndex(reflect.ValueOf(key), elem)
}

// value binds one value that is present.
func (d *decoder) value(path string, raw any, target reflect.Value, f field) {
	switch f.kind {
	case KindTable:
		sub, ok := raw.(map[string]any)
		if !ok {
			d.report(path, fmt.Sprintf("want a table, got %s", shown(raw)), fmt.Sprintf("begin it with [%s]", indexes.ReplaceAllString(path, "")))
			return
		}
		d.table(path, sub, target)
	case KindTables:
		d.tables(path, raw, target, f)
	case KindNamed:
		d.namedTables(path, raw, target, f)
	case KindRaw:
		if sub, ok := raw.(map[string]any); ok {
			target.Set(reflect.ValueOf(Raw(sub)))
			return
		}
		d.wrongType(path, raw, f)
	case KindStrings, KindArgvs, KindPairs:
		d.list(path, raw, target, f)
	default:
		d.scalar(path, raw, target, f)
	}
}

// indexes are the parts of a path that are not written in the header of a table.
var indexes = regexp.MustCompile(`\[\d+\]`)

func (d *decoder) tables(path string, raw any, target reflect.Value, f field) {
	elements, ok := asTables(raw)
	if !ok {
		d.report(path, fmt.Sprintf("want an array of tables, got %s", shown(raw)), fmt.Sprintf("begin each with [[%s]]", indexes.ReplaceAllString(path, "")))
		return
	}
	slice := reflect.MakeSlice(f.typ, len(elements), len(elements))
	for i, sub := range elements {
		applyDefaults(slice.Index(i))
		d.table(position.Element(path, i), sub, slice.Index(i))
	}
	target.Set(slice)
}

// asTables accepts [[key]] as well as key = [{ … }].
func asTables(raw any) ([]map[string]any, bool) {
	switch list := raw.(type) {
	case []map[string]any:
		return list, true
	case []any:
		out := make([]map[string]any, len(list))
		for i, element := range list {
			sub, ok := element.(map[string]any)
			if !ok {
				return nil, false
			}
			out[i] = sub
		}
		return out, true
	}
	return nil, false
}

func (d *decoder) namedTables(path string, raw any, target reflect.Value, f field) {
	tree, ok := raw.(map[string]any)
	if !ok {
		d.wrongType(path, raw, f)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		sub, ok := tree[key].(map[string]any)
		if !ok {
			d.wrongType(position.Key(path, key), tree[key], field{kind: KindTable})
			continue
		}
		d.named(position.Key(path, key), key, sub, target)
	}
}

func (d *decoder) wrongType(path string, raw any, f field) {
	d.report(path, fmt.Sprintf("want %s, got %s", wanted(f), shown(raw)), "")
}
