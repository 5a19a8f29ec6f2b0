package schema

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"

	"github.com/BurntSushi/toml"
)

// Tree returns the values of the struct that source points to as nested maps, slices, strings, numbers and booleans, in
// the form of the text: durations, percentages and sizes are strings. Absent scalars and empty lists are left out.
func Tree(source any) map[string]any {
	return tree(reflect.ValueOf(source).Elem())
}

// Write returns the values of the struct that source points to as TOML that Decode reads back to the same values.
func Write(source any) ([]byte, error) {
	var out bytes.Buffer
	encoder := toml.NewEncoder(&out)
	encoder.Indent = ""
	if err := encoder.Encode(Tree(source)); err != nil {
		return nil, fmt.Errorf("write the settings as TOML: %w", err)
	}
	return out.Bytes(), nil
}

func tree(source reflect.Value) map[string]any {
	out := map[string]any{}
	for _, f := range fields(source.Type()) {
		value := source.Field(f.index)
		if f.key == "*" {
			maps.Copy(out, namedTrees(value))
			continue
		}
		if v := plain(value, f); v != nil {
			out[f.key] = v
		}
	}
	return out
}

func namedTrees(source reflect.Value) map[string]any {
	out := map[string]any{}
	for _, key := range source.MapKeys() {
		out[key.String()] = tree(source.MapIndex(key))
	}
	return out
}

// plain returns one value in the form of the text, or nil where there is nothing to write.
func plain(value reflect.Value, f field) any {
	switch f.kind {
	case KindTable:
		return tree(value)
	case KindTables:
		return trees(value)
	case KindNamed:
		if value.Len() == 0 {
			return nil
		}
		return namedTrees(value)
	case KindScalar:
		return value.Interface().(Scalar).value
	case KindNumber:
		if number, given := value.Interface().(Number).Value(); given {
			return number
		}
		return nil
	case KindRaw, KindPairs, KindStrings, KindArgvs:
		if value.Len() == 0 {
			return nil
		}
		return value.Interface()
	case KindDuration, KindText:
		return textOf(value)
	}
	return value.Interface()
}

func trees(value reflect.Value) any {
	if value.Len() == 0 {
		return nil
	}
	out := make([]map[string]any, value.Len())
	for i := range value.Len() {
		out[i] = tree(value.Index(i))
	}
	return out
}
